#include "build/oci_layout.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "build/base_images.h"
#include "oci/media_type.h"
#include "support/error_of.h"
#include "support/fake_client.h"
#include "support/layer_fixture.h"

namespace cooper::build {
namespace {

using support::error_of;
using support::LayerTar;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(BuildLayoutName, ReadsPathTagAndDigest) {
  std::string digest = base::sha256("x").str();
  struct Case {
    std::string text;
    std::string path;
    std::string tag;
    bool has_digest;
  };
  for (const Case& one : std::vector<Case>{{"dir", "dir", "", false},
                                           {"dir:1.0", "dir", "1.0", false},
                                           {"/a:b/dir", "/a:b/dir", "", false},
                                           {"/a:b/dir:t", "/a:b/dir", "t", false},
                                           {"dir@" + digest, "dir", "", true},
                                           {"dir:t@" + digest, "dir", "t", true}}) {
    LayoutName name = LayoutName::parse(one.text);
    EXPECT_EQ(name.path, one.path);
    EXPECT_EQ(name.tag, one.tag);
    EXPECT_EQ(name.digest.has_value(), one.has_digest);
    EXPECT_EQ(name.str(), "oci-layout://" + one.text);
  }
  for (const char* text : {"", ":tag", "dir@sha256:12"}) {
    EXPECT_EQ(error_of([&] { LayoutName::parse(text); }).kind(), base::ErrorKind::kUsage) << text;
  }
}

// A layout on disk, and builds that take bases from it.
class BuildOciLayout : public support::LayerFixture {
 protected:
  BuildOciLayout() {
    std::filesystem::create_directories(root_ + "/blobs/sha256");
    tools_.store = store_;
    tools_.registry = client_;
  }
  std::string blob_path(const base::Digest& digest) const { return root_ + "/blobs/sha256/" + digest.hex(); }
  oci::Descriptor put(std::string_view media_type, const std::string& bytes) {
    oci::Descriptor descriptor;
    descriptor.media_type = media_type;
    descriptor.digest = base::sha256(bytes);
    descriptor.size = bytes.size();
    std::ofstream(blob_path(descriptor.digest), std::ios::binary) << bytes;
    return descriptor;
  }
  // An image of one layer, that holds the one file `name`.
  oci::Descriptor add_image(const std::string& name, const std::string& platform = "linux/amd64") {
    support::Blob layer = support::make_blob(LayerTar().file(name, "content").bytes());
    put(layer.sealed.blob.media_type, layer.bytes);
    oci::ImageConfig config;
    config.platform = oci::parse_platform(platform);
    config.diff_ids = {layer.sealed.diff_id};
    oci::Manifest manifest;
    manifest.media_type = oci::kMediaTypeManifest;
    manifest.config = put(oci::kMediaTypeConfig, config.serialize());
    manifest.layers = {layer.sealed.blob};
    manifest.serialize();
    return put(oci::kMediaTypeManifest, manifest.raw);
  }
  // Lists `manifest` in index.json under a tag, "" for none.
  void list(oci::Descriptor manifest, const std::string& tag = "", const std::string& platform = "") {
    if (!tag.empty()) manifest.annotations["org.opencontainers.image.ref.name"] = tag;
    if (!platform.empty()) manifest.platform = oci::parse_platform(platform);
    index_.media_type = oci::kMediaTypeIndex;
    index_.manifests.push_back(std::move(manifest));
    index_.serialize();
    std::ofstream(root_ + "/index.json") << index_.raw;
  }
  base::Digest resolved(const std::string& suffix, const std::string& platform = "linux/amd64") {
    return OciLayout(LayoutName::parse(root_ + suffix)).resolve(oci::parse_platform(platform)).digest;
  }
  base::Error resolve_error(const std::string& suffix) {
    return error_of([&] { resolved(suffix); });
  }
  dockerfile::ResolvedImage base(const std::string& suffix, const std::string& platform = "linux/amd64") {
    return bases_.resolve("oci-layout://" + root_ + suffix, oci::parse_platform(platform));
  }

  std::string root_ = directory_.path() + "/layout";
  oci::Index index_;
  std::shared_ptr<support::FakeClient> client_ = std::make_shared<support::FakeClient>();
  Toolbox tools_;
  BaseImages bases_{tools_, layers_, pool_, {}};
};

TEST_F(BuildOciLayout, TheOnlyImageNeedsNoTag) {
  oci::Descriptor image = add_image("a");
  list(image, "odd-name");
  EXPECT_EQ(resolved(""), image.digest);
  EXPECT_EQ(resolved(":odd-name"), image.digest);
  EXPECT_EQ(resolved("@" + image.digest.str()), image.digest);
}

TEST_F(BuildOciLayout, AmongSeveralTheTagDecides) {
  oci::Descriptor one = add_image("one");
  oci::Descriptor two = add_image("two");
  list(one, "1");
  list(two, "2");
  EXPECT_EQ(resolved(":2"), two.digest);
  base::Error error = resolve_error("");
  EXPECT_EQ(error.kind(), base::ErrorKind::kContext);
  EXPECT_THAT(error.message(), HasSubstr(root_));
  EXPECT_EQ(error.hint(), "choose among the tags 1, 2");
  EXPECT_EQ(resolve_error(":3").hint(), "choose among the tags 1, 2");
  list(one, "latest");
  EXPECT_EQ(resolved(""), one.digest);
}

TEST_F(BuildOciLayout, SeveralOfOneNameAreToldApartByPlatform) {
  oci::Descriptor amd = add_image("amd");
  oci::Descriptor arm = add_image("arm", "linux/arm64");
  list(amd, "", "linux/amd64");
  list(arm, "", "linux/arm64");
  EXPECT_EQ(resolved("", "linux/arm64"), arm.digest);
  EXPECT_THAT(error_of([&] { resolved("", "linux/s390x"); }).message(), HasSubstr("linux/s390x"));
}

TEST_F(BuildOciLayout, SaysWhatIsNoLayout) {
  EXPECT_THAT(resolve_error("").message(), HasSubstr("index.json"));
  EXPECT_THAT(resolve_error("-gone").message(), HasSubstr("does not exist"));
  std::ofstream(root_ + ".tar") << "x";
  base::Error error = resolve_error(".tar");
  EXPECT_THAT(error.message(), HasSubstr("is not a directory"));
  EXPECT_THAT(error.hint(), HasSubstr("unpack"));
  std::ofstream(root_ + "/index.json") << "{";
  EXPECT_EQ(resolve_error("").kind(), base::ErrorKind::kCorrupt);
}

TEST_F(BuildOciLayout, ServesAsABase) {
  oci::Descriptor image = add_image("file");
  list(image, "1");
  dockerfile::ResolvedImage resolved = base(":1");
  EXPECT_EQ(resolved.reference, "oci-layout://" + root_ + ":1");
  EXPECT_EQ(resolved.manifest_digest, image.digest);
  snapshot::LayerPtr layer = bases_.stacks().at(image.digest).at(0);
  EXPECT_FALSE(layer->materialized());
  layers_.materialize(*layer, {});
  EXPECT_NE(layer->index().find("file"), nullptr);
  EXPECT_THAT(client_->asked, IsEmpty()) << "no registry has a part in it";
}

TEST_F(BuildOciLayout, AnIndexIsSearchedForThePlatform) {
  oci::Index nested;
  nested.media_type = oci::kMediaTypeIndex;
  for (const char* platform : {"linux/amd64", "linux/arm64"}) {
    oci::Descriptor image = add_image(std::string("for-") + (platform + 6), platform);
    image.platform = oci::parse_platform(platform);
    nested.manifests.push_back(image);
  }
  nested.serialize();
  list(put(oci::kMediaTypeIndex, nested.raw), "multi");
  EXPECT_EQ(base(":multi", "linux/arm64").manifest_digest, nested.manifests[1].digest);
  base::Error error = error_of([&] { base(":multi", "linux/s390x"); });
  EXPECT_THAT(error.message(), HasSubstr("has no manifest for linux/s390x"));
}

TEST_F(BuildOciLayout, WhatIsNotWhatItsDigestSaysIsRefused) {
  oci::Descriptor image = add_image("file");
  list(image, "1");
  std::string manifest = os::read_file(blob_path(image.digest));
  std::ofstream(blob_path(image.digest)) << manifest << " ";
  base::Error error = error_of([&] { base(":1"); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kCorrupt);
  EXPECT_THAT(error.message(), HasSubstr(image.digest.str()));

  std::ofstream(blob_path(image.digest)) << manifest;
  base(":1");
  base::Digest layer = oci::Manifest::parse(manifest).layers.at(0).digest;
  std::string bytes = os::read_file(blob_path(layer));
  bytes.back() ^= 1;
  std::ofstream(blob_path(layer), std::ios::binary) << bytes;
  error = error_of([&] { layers_.materialize(*bases_.stacks().at(image.digest).at(0), {}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kCorrupt);
}

TEST_F(BuildOciLayout, NothingOutsideTheLayoutIsRead) {
  oci::Descriptor image = add_image("file");
  list(image, "1");
  std::string outside = directory_.path() + "/outside";
  std::filesystem::rename(blob_path(image.digest), outside);
  std::filesystem::create_symlink(outside, blob_path(image.digest));
  EXPECT_EQ(error_of([&] { base(":1"); }).kind(), base::ErrorKind::kContext);
  std::filesystem::remove(blob_path(image.digest));
  ASSERT_EQ(::mkfifo(blob_path(image.digest).c_str(), 0600), 0);
  EXPECT_THAT(error_of([&] { base(":1"); }).message(), HasSubstr("no regular file"));
}

}  // namespace
}  // namespace cooper::build
