// Bases that come from an OCI layout on disk instead of a registry.
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "build/base_images.h"
#include "oci/media_type.h"
#include "os/fd.h"
#include "support/error_of.h"
#include "support/fake_client.h"
#include "support/layout_on_disk.h"

namespace cooper::build {
namespace {

using support::error_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class BuildLayoutBases : public support::LayerFixture {
 protected:
  BuildLayoutBases() {
    tools_.store = store_;
    tools_.registry = client_;
  }
  dockerfile::ResolvedImage base(const std::string& suffix, const std::string& platform = "linux/amd64") {
    return bases_.resolve("oci-layout://" + layout_.path() + suffix, oci::parse_platform(platform));
  }

  support::LayoutOnDisk layout_{directory_.path() + "/layout"};
  std::shared_ptr<support::FakeClient> client_ = std::make_shared<support::FakeClient>();
  Toolbox tools_;
  BaseImages bases_{tools_, layers_, pool_, {}};
};

TEST_F(BuildLayoutBases, ServesAsABase) {
  oci::Descriptor image = layout_.add_image("file");
  layout_.list(image, "1");
  dockerfile::ResolvedImage resolved = base(":1");
  EXPECT_EQ(resolved.reference, "oci-layout://" + layout_.path() + ":1");
  EXPECT_EQ(resolved.manifest_digest, image.digest);
  snapshot::LayerPtr layer = bases_.stacks().at(image.digest).at(0);
  EXPECT_FALSE(layer->materialized());
  layers_.materialize(*layer, {});
  EXPECT_NE(layer->index().find("file"), nullptr);
  EXPECT_THAT(client_->asked, IsEmpty()) << "no registry has a part in it";
}

TEST_F(BuildLayoutBases, AnIndexIsSearchedForThePlatform) {
  oci::Index nested;
  nested.media_type = oci::kMediaTypeIndex;
  for (const char* platform : {"linux/amd64", "linux/arm64"}) {
    oci::Descriptor image = layout_.add_image(std::string("for-") + (platform + 6), platform);
    image.platform = oci::parse_platform(platform);
    nested.manifests.push_back(image);
  }
  nested.serialize();
  layout_.list(layout_.put(oci::kMediaTypeIndex, nested.raw), "multi");
  EXPECT_EQ(base(":multi", "linux/arm64").manifest_digest, nested.manifests[1].digest);
  base::Error error = error_of([&] { base(":multi", "linux/s390x"); });
  EXPECT_THAT(error.message(), HasSubstr("has no manifest for linux/s390x"));
}

TEST_F(BuildLayoutBases, WhatIsNotWhatItsDigestSaysIsRefused) {
  oci::Descriptor image = layout_.add_image("file");
  layout_.list(image, "1");
  std::string manifest = os::read_file(layout_.blob_path(image.digest));
  std::ofstream(layout_.blob_path(image.digest)) << manifest << " ";
  base::Error error = error_of([&] { base(":1"); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kCorrupt);
  EXPECT_THAT(error.message(), HasSubstr(image.digest.str()));

  std::ofstream(layout_.blob_path(image.digest)) << manifest;
  base(":1");
  base::Digest layer = oci::Manifest::parse(manifest).layers.at(0).digest;
  std::string bytes = os::read_file(layout_.blob_path(layer));
  bytes.back() ^= 1;
  std::ofstream(layout_.blob_path(layer), std::ios::binary) << bytes;
  error = error_of([&] { layers_.materialize(*bases_.stacks().at(image.digest).at(0), {}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kCorrupt);
}

TEST_F(BuildLayoutBases, NothingOutsideTheLayoutIsRead) {
  oci::Descriptor image = layout_.add_image("file");
  layout_.list(image, "1");
  std::string outside = directory_.path() + "/outside";
  std::filesystem::rename(layout_.blob_path(image.digest), outside);
  std::filesystem::create_symlink(outside, layout_.blob_path(image.digest));
  EXPECT_EQ(error_of([&] { base(":1"); }).kind(), base::ErrorKind::kContext);
  std::filesystem::remove(layout_.blob_path(image.digest));
  ASSERT_EQ(::mkfifo(layout_.blob_path(image.digest).c_str(), 0600), 0);
  EXPECT_THAT(error_of([&] { base(":1"); }).message(), HasSubstr("no regular file"));
}

}  // namespace
}  // namespace cooper::build
