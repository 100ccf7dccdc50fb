#include "build/base_images.h"

#include <gmock/gmock.h>

#include "support/error_of.h"
#include "support/fake_client.h"
#include "support/layer_fixture.h"

namespace cooper::build {
namespace {

using support::error_of;
using support::LayerTar;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class BuildBaseImages : public support::LayerFixture {
 protected:
  BuildBaseImages() {
    tools_.store = store_;
    tools_.registry = client_;
  }
  // Puts an image of one layer on the registry; returns its manifest.
  oci::Manifest add_image(const std::string& name, const std::string& platform, std::size_t diff_ids = 1) {
    support::Blob blob = support::make_blob(LayerTar().file("from-" + platform.substr(6), name).bytes());
    client_->blobs[blob.sealed.blob.digest] = blob.bytes;
    oci::ImageConfig config;
    config.platform = oci::parse_platform(platform);
    config.diff_ids.assign(diff_ids, blob.sealed.diff_id);
    std::string json = config.serialize();
    oci::Manifest manifest;
    manifest.media_type = oci::kMediaTypeManifest;
    manifest.config.media_type = oci::kMediaTypeConfig;
    manifest.config.digest = base::sha256(json);
    manifest.config.size = json.size();
    manifest.layers = {blob.sealed.blob};
    manifest.serialize();
    client_->blobs[manifest.config.digest] = json;
    client_->add_manifest(name, manifest.media_type, manifest.raw);
    return manifest;
  }
  oci::Index add_index(const std::string& name, const std::vector<std::string>& platforms) {
    oci::Index index;
    index.media_type = oci::kMediaTypeIndex;
    for (const std::string& platform : platforms) {
      oci::Descriptor descriptor = add_image(name, platform).descriptor();
      descriptor.platform = oci::parse_platform(platform);
      index.manifests.push_back(descriptor);
    }
    index.serialize();
    client_->add_manifest(name, index.media_type, index.raw);
    return index;
  }

  std::shared_ptr<support::FakeClient> client_ = std::make_shared<support::FakeClient>();
  Toolbox tools_;
  BaseImages bases_{tools_, layers_, pool_, {}};
  oci::Platform amd64_ = oci::parse_platform("linux/amd64");
};

TEST_F(BuildBaseImages, PinsATagToItsDigest) {
  oci::Manifest manifest = add_image("r.example/base:1", "linux/amd64");
  dockerfile::ResolvedImage image = bases_.resolve("r.example/base:1", amd64_);
  EXPECT_EQ(image.reference, "r.example/base:1");
  EXPECT_EQ(image.manifest_digest, manifest.descriptor().digest);
  EXPECT_EQ(image.config.diff_ids.size(), 1U);
  const snapshot::LayerStack& stack = bases_.stacks().at(image.manifest_digest);
  ASSERT_EQ(stack.size(), 1U);
  EXPECT_FALSE(stack[0]->materialized()) << "nothing is pulled before it is needed";
  layers_.materialize(*stack[0], {});
  EXPECT_NE(stack[0]->index().find("from-amd64"), nullptr);
  EXPECT_EQ(bases_.places()->mount_source(manifest.layers[0].digest, oci::Reference::parse("r.example/new")),
            "base");
}

TEST_F(BuildBaseImages, ChoosesThePlatformOfAnIndex) {
  oci::Index index = add_index("r.example/base:1", {"linux/amd64", "linux/arm64"});
  dockerfile::ResolvedImage image = bases_.resolve("r.example/base:1", oci::parse_platform("linux/arm64"));
  EXPECT_EQ(image.manifest_digest, index.manifests[1].digest);
  EXPECT_EQ(image.config.platform.architecture, "arm64");
}

TEST_F(BuildBaseImages, NamesThePlatformsThereAre) {
  add_index("r.example/base:1", {"linux/amd64", "linux/arm64"});
  base::Error error =
      error_of([&] { bases_.resolve("r.example/base:1", oci::parse_platform("linux/s390x")); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kRegistry);
  EXPECT_EQ(error.message(), "image 'r.example/base:1' has no manifest for linux/s390x");
  EXPECT_THAT(error.hint(), HasSubstr("linux/amd64, linux/arm64"));
}

TEST_F(BuildBaseImages, ADigestNeedsNoTag) {
  oci::Manifest manifest = add_image("r.example/base:1", "linux/amd64");
  std::string digest = manifest.descriptor().digest.str();
  EXPECT_EQ(bases_.resolve("r.example/base@" + digest, amd64_).manifest_digest, manifest.descriptor().digest);
  for (const std::string& asked : client_->asked) EXPECT_THAT(asked, testing::Not(HasSubstr("resolve")));
}

TEST_F(BuildBaseImages, DocumentsAreFetchedOnce) {
  oci::Manifest manifest = add_image("r.example/base:1", "linux/amd64");
  bases_.resolve("r.example/base:1", amd64_);
  client_->asked.clear();
  BaseImages later(tools_, layers_, pool_, {});
  later.resolve("r.example/base:1", amd64_);
  EXPECT_THAT(client_->asked, ElementsAre("resolve r.example/base:1"));
  client_->asked.clear();
  later.resolve("r.example/base@" + manifest.descriptor().digest.str(), amd64_);
  EXPECT_THAT(client_->asked, IsEmpty());
}

TEST_F(BuildBaseImages, AMissingImageIsNamed) {
  base::Error error = error_of([&] { bases_.resolve("r.example/gone:1", amd64_); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kRegistry);
  EXPECT_EQ(error.message(), "image 'r.example/gone:1' does not exist");
}

TEST_F(BuildBaseImages, LayersAndDiffIdsMustAgree) {
  add_image("r.example/bad:1", "linux/amd64", 2);
  EXPECT_EQ(error_of([&] { bases_.resolve("r.example/bad:1", amd64_); }).message(),
            "image 'r.example/bad:1' has 1 layers in its manifest and 2 in its config");
}

TEST_F(BuildBaseImages, ManyAreResolvedInOrder) {
  std::vector<dockerfile::BaseRequest> requests;
  for (int i = 0; i < 6; ++i) {
    std::string name = "r.example/base:" + std::to_string(i);
    add_image(name, "linux/amd64");
    requests.push_back({name, amd64_});
  }
  std::vector<dockerfile::ResolvedImage> images = bases_.resolve_all(requests);
  ASSERT_EQ(images.size(), 6U);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(images[i].reference, requests[i].reference);
  requests.push_back({"r.example/gone:1", amd64_});
  EXPECT_THROW(bases_.resolve_all(requests), base::Error);
}

}  // namespace
}  // namespace cooper::build
