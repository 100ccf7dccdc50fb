#include "transfer/copy.h"

#include "fixture.h"

namespace cooper::transfer {
namespace {

using support::error_of;
using ::testing::HasSubstr;

class TransferCopy : public TransferFixture {
 protected:
  CopyResult copy(ImagePlace& from, ImagePlace& to, const std::vector<std::string>& platforms = {}) {
    CopyOptions options;
    for (const std::string& platform : platforms) options.platforms.push_back(oci::parse_platform(platform));
    return copy_image(from, to, options, {});
  }
};

TEST_F(TransferCopy, KeepsTheDigestAndMountsWhatTheHostHas) {
  oci::Manifest image = add_image("base", "linux/amd64", {"one", "two"}, "1");
  CopyResult done = copy(*place("base:1"), *place("team/app:2"));
  EXPECT_EQ(done.image.digest, image.descriptor().digest);
  EXPECT_EQ(done.blobs, 3U);
  EXPECT_EQ(done.sent, 0U);
  EXPECT_EQ(registry_.manifest("team/app", "2"), image.raw);
  EXPECT_TRUE(registry_.has_blob("team/app", image.layers[1].digest));
  EXPECT_EQ(uploads(), 0U);
}

TEST_F(TransferCopy, WhatIsThereGetsTheNameOnly) {
  add_image("base", "linux/amd64", {"one"}, "1");
  copy(*place("base:1"), *place("app:1"));
  const std::size_t before = registry_.server().requests().size();
  copy(*place("base:1"), *place("app:2"));
  // The source's manifest and config are read; of the target's blobs nobody asks.
  EXPECT_EQ(registry_.server().count("HEAD", "/v2/app/blobs/"), 2U);
  EXPECT_LE(registry_.server().requests().size() - before, 3U);
}

TEST_F(TransferCopy, TakesAllPlatformsOfAnIndex) {
  oci::Manifest amd = add_image("base", "linux/amd64", {"amd"});
  oci::Manifest arm = add_image("base", "linux/arm64", {"arm"});
  oci::Index index = add_index("base", "1", {{"linux/amd64", amd}, {"linux/arm64", arm}});
  CopyResult done = copy(*place("base:1"), *place("app:1"));
  EXPECT_EQ(done.image.digest, index.descriptor().digest);
  EXPECT_EQ(registry_.manifest("app", "1"), index.raw);
  EXPECT_EQ(registry_.manifest("app", arm.descriptor().digest.str()), arm.raw);
}

TEST_F(TransferCopy, OnePlatformOfAnIndexStandsForItself) {
  oci::Manifest amd = add_image("base", "linux/amd64", {"amd"});
  oci::Manifest arm = add_image("base", "linux/arm64", {"arm"});
  add_index("base", "1", {{"linux/amd64", amd}, {"linux/arm64", arm}});
  copy(*place("base:1"), *place("app:1"), {"linux/arm64"});
  EXPECT_EQ(registry_.manifest("app", "1"), arm.raw);
  EXPECT_FALSE(registry_.has_blob("app", amd.layers[0].digest));
}

TEST_F(TransferCopy, SeveralPlatformsGetAnIndexOfTheirOwn) {
  oci::Manifest amd = add_image("base", "linux/amd64", {"amd"});
  oci::Manifest arm = add_image("base", "linux/arm64", {"arm"});
  oci::Manifest s390 = add_image("base", "linux/s390x", {"s390"});
  add_index("base", "1", {{"linux/amd64", amd}, {"linux/arm64", arm}, {"linux/s390x", s390}});
  copy(*place("base:1"), *place("app:1"), {"linux/arm64", "linux/amd64"});
  oci::Index kept = oci::Index::parse(registry_.manifest("app", "1"));
  ASSERT_EQ(kept.manifests.size(), 2U);
  EXPECT_EQ(kept.manifests[1].digest, arm.descriptor().digest);
  EXPECT_FALSE(registry_.has_blob("app", s390.layers[0].digest));
}

TEST_F(TransferCopy, SaysWhichPlatformsThereAre) {
  oci::Manifest amd = add_image("base", "linux/amd64", {"amd"});
  add_index("base", "1", {{"linux/amd64", amd}, {"linux/arm64", amd}});
  base::Error error = error_of([&] { copy(*place("base:1"), *place("app:1"), {"linux/s390x"}); });
  EXPECT_THAT(error.summary(), HasSubstr("linux/s390x"));
  EXPECT_THAT(error.summary(), HasSubstr("linux/amd64, linux/arm64"));
}

TEST_F(TransferCopy, SaysWhatDoesNotExist) {
  base::Error error = error_of([&] { copy(*place("base:1"), *place("app:1")); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kRegistry);
  EXPECT_THAT(error.summary(), HasSubstr("base:1' does not exist"));
}

TEST_F(TransferCopy, AnIndexThatNamesWhatIsNotThereIsRefusedBeforeItIsNamed) {
  oci::Manifest missing;
  missing.media_type = oci::kMediaTypeManifest;
  missing.config = registry_.add_blob("base", "{}");
  missing.serialize();
  add_index("base", "1", {{"linux/amd64", missing}});
  base::Error error = error_of([&] { copy(*place("base:1"), *place("app:1")); });
  EXPECT_THAT(error.summary(), HasSubstr(missing.descriptor().digest.str()));
  EXPECT_EQ(registry_.server().count("PUT", "/v2/app/manifests/"), 0U);
}

TEST_F(TransferCopy, GoesThroughALayoutAndBack) {
  oci::Manifest image = add_image("base", "linux/amd64", {"one", "two"}, "1");
  copy(*place("base:1"), *layout("out:v1"));
  CopyResult done = copy(*layout("out:v1"), *place("back:1"));
  EXPECT_EQ(done.sent, 3U);
  EXPECT_EQ(registry_.manifest("back", "1"), image.raw);
}

TEST_F(TransferCopy, BringsAlongWhatRefersToTheImage) {
  oci::Manifest image = add_image("base", "linux/amd64", {"one"}, "1");
  auto sign = [&](const oci::Manifest& subject, const std::string& type) {
    oci::Manifest signature;
    signature.media_type = oci::kMediaTypeManifest;
    signature.artifact_type = type;
    signature.subject = subject.descriptor();
    signature.config = registry_.add_blob("base", "{}", "application/vnd.oci.empty.v1+json");
    signature.layers = {registry_.add_blob("base", "signed by " + type)};
    signature.serialize();
    oci::Reference at = oci::Reference::parse(registry_.host() + "/base");
    at.tag.clear();
    at.digest = signature.descriptor().digest;
    client_->push_manifest(at, signature.media_type, signature.raw, {});
    return signature;
  };
  oci::Manifest signature = sign(image, "application/vnd.signature");
  oci::Manifest of_signature = sign(signature, "application/vnd.timestamp");
  CopyOptions options;
  options.referrers = true;
  CopyResult done = copy_image(*place("base:1"), *place("app:1"), options, {});
  EXPECT_EQ(done.referrers, 2U);
  EXPECT_EQ(place("app:1")->list_referrers(image.descriptor().digest, {}).at(0).digest,
            signature.descriptor().digest);
  // And through a layout.
  copy_image(*place("app:1"), *layout("out:1"), options, {});
  std::vector<oci::Descriptor> kept = layout("out:1")->list_referrers(signature.descriptor().digest, {});
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0].digest, of_signature.descriptor().digest);
  EXPECT_EQ(kept[0].artifact_type, "application/vnd.timestamp");
  EXPECT_EQ(copy_image(*place("base:1"), *place("plain:1"), {}, {}).referrers, 0U);
}

TEST_F(TransferCopy, TellsHowEachBlobCame) {
  add_image("base", "linux/amd64", {"one", "two"}, "1");
  CopyOptions options;
  std::mutex mutex;
  std::map<registry::BlobPush, int> heard;
  options.on_blob = [&](const oci::Descriptor&, registry::BlobPush how) {
    std::scoped_lock lock(mutex);
    ++heard[how];
  };
  copy_image(*place("base:1"), *layout("out"), options, {});
  EXPECT_EQ(heard[registry::BlobPush::kUploaded], 3);
}

TEST_F(TransferCopy, StopsWhenItIsTold) {
  add_image("base", "linux/amd64", {"one"}, "1");
  std::stop_source stop;
  stop.request_stop();
  base::Error error = error_of([&] { copy_image(*place("base:1"), *place("app:1"), {}, stop.get_token()); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kCancelled);
}

}  // namespace
}  // namespace cooper::transfer
