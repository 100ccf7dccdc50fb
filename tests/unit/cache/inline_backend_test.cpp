#include "cache/inline_backend.h"

#include <gmock/gmock.h>

#include "cache/records.h"
#include "oci/manifest.h"
#include "oci/media_type.h"
#include "support/cache_backend_suite.h"
#include "support/error_of.h"
#include "support/fake_client.h"

namespace cooper::cache {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class CacheInline : public ::testing::Test {
 protected:
  // An image of a base layer and a step's; its config.
  oci::ImageConfig push(const Record& record, const std::string& name = "r.example/app:1") {
    oci::ImageConfig config;
    config.platform = oci::parse_platform("linux/amd64");
    config.diff_ids = {base::sha256("base"), *record.diff_id};
    config.history.resize(2);
    config.history[1].created = oci::rfc3339(record.created);
    add_inline_records({std::nullopt, record}, config);
    const std::string json = config.serialize();
    oci::Manifest manifest;
    manifest.media_type = oci::kMediaTypeManifest;
    manifest.config.media_type = oci::kMediaTypeConfig;
    manifest.config.digest = base::sha256(json);
    manifest.config.size = json.size();
    oci::Descriptor base = *record.blob;
    base.digest = base::sha256("base blob");
    manifest.layers = {base, *record.blob};
    manifest.serialize();
    client_->blobs[manifest.config.digest] = json;
    client_->add_manifest(name, manifest.media_type, manifest.raw);
    return config;
  }
  static Record record() {
    oci::Descriptor blob;
    blob.media_type = oci::kMediaTypeLayerGzip;
    blob.digest = base::sha256("blob");
    blob.size = 4;
    Record record = test::full_record("a", blob);
    record.content_key = base::sha256("content");
    return record;
  }
  Records open() {
    return {std::make_shared<InlineBackend>(client_, oci::Reference::parse("r.example/app:1")),
            [this](const std::string& text) { heard_.push_back(text); }};
  }

  std::shared_ptr<support::FakeClient> client_ = std::make_shared<support::FakeClient>();
  std::vector<std::string> heard_;
};

TEST_F(CacheInline, AnImageGivesTheRecordsOfItsLayers) {
  const Record made = record();
  push(made);
  Records records = open();
  std::optional<Record> found = records.find(made.key, {});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->diff_id, made.diff_id);
  EXPECT_EQ(found->blob, made.blob);
  EXPECT_EQ(found->sealing, made.sealing);
  EXPECT_EQ(found->created, made.created);
  EXPECT_TRUE(records.find(*made.content_key, {}));
  EXPECT_FALSE(records.find(base::sha256("other"), {}));
  EXPECT_THAT(client_->asked, SizeIs(2)) << "manifest and config, once";
}

TEST_F(CacheInline, TheConfigDoesNotDependOnWhenTheStepRan) {
  Record made = record();
  const std::string first = push(made).serialize();
  made.duration_ms = 99;
  made.layer_id = "elsewhere";
  made.ingredients.clear();
  EXPECT_EQ(push(made).serialize(), first);
}

TEST_F(CacheInline, AnImageWithoutRecordsOrNoImageIsAnEmptyCache) {
  EXPECT_FALSE(open().find(record().key, {}));
  oci::ImageConfig config;
  add_inline_records({std::nullopt}, config);
  EXPECT_THAT(config.unknown, IsEmpty());
  EXPECT_THAT(heard_, IsEmpty());
}

TEST_F(CacheInline, EveryPlatformOfAnIndexCounts) {
  const Record made = record();
  push(made, "r.example/app:amd64");
  oci::Index index;
  index.media_type = oci::kMediaTypeIndex;
  oci::Descriptor image;
  image.media_type = oci::kMediaTypeManifest;
  image.digest = client_->manifests.at("r.example/app:amd64").digest;
  image.size = client_->manifests.at("r.example/app:amd64").raw.size();
  image.platform = oci::parse_platform("linux/amd64");
  index.manifests = {image};
  index.serialize();
  client_->add_manifest("r.example/app:1", index.media_type, index.raw);
  EXPECT_TRUE(open().find(made.key, {}));
}

TEST_F(CacheInline, GarbageIsReported) {
  const Record made = record();
  oci::ImageConfig config = push(made);
  config.unknown["dev.cooper.cache.v1"] = R"([{"layer":1,"record":"{}"}])";
  const std::string json = config.serialize();
  oci::Manifest manifest = oci::Manifest::parse(client_->manifests.at("r.example/app:1").raw);
  manifest.config.digest = base::sha256(json);
  manifest.config.size = json.size();
  manifest.serialize();
  client_->blobs[manifest.config.digest] = json;
  client_->add_manifest("r.example/app:1", manifest.media_type, manifest.raw);
  Records records = open();
  EXPECT_FALSE(records.find(made.key, {}));
  EXPECT_FALSE(records.find(base::sha256("other"), {}));
  EXPECT_THAT(heard_, ElementsAre(HasSubstr("image r.example/app:1"))) << "once";
}

TEST_F(CacheInline, IsWrittenWithTheImageOnly) {
  EXPECT_EQ(support::error_of([&] { open().put(record(), {}); }).kind(), base::ErrorKind::kUnsupported);
}

}  // namespace
}  // namespace cooper::cache
