#include "cache/object_backend.h"

#include <gmock/gmock.h>

#include "cache/s3_store.h"
#include "support/cache_backend_suite.h"
#include "support/fake_s3.h"
#include "support/layer_tar.h"
#include "support/object_store_suite.h"

namespace cooper::cache {
namespace {

using ::testing::HasSubstr;

struct ObjectWorld {
  testing::FakeS3 fake;
  std::map<base::Digest, std::string> blobs;

  std::shared_ptr<ObjectStore> store() {
    return make_s3_store({{"bucket", testing::FakeS3::kBucket},
                          {"region", "eu-test-1"},
                          {"endpoint_url", fake.server().url("/")},
                          {"access_key_id", testing::FakeS3::kKeyId},
                          {"secret_access_key", testing::FakeS3::kSecret}},
                         test::quick_cloud());
  }
  std::unique_ptr<ObjectBackend> open_scope(const std::string& scope) {
    BlobProvider provider;
    provider.open = [this](const oci::Descriptor& blob,
                           const std::stop_token&) -> std::unique_ptr<base::ByteSource> {
      return std::make_unique<support::StringSource>(blobs.at(blob.digest));
    };
    return std::make_unique<ObjectBackend>(store(), scope, provider);
  }
  std::unique_ptr<Backend> open() { return open_scope(""); }
  oci::Descriptor add_blob(const std::string& data) {
    oci::Descriptor blob;
    blob.media_type = "application/vnd.oci.image.layer.v1.tar+gzip";
    blob.digest = base::sha256(data);
    blob.size = data.size();
    blobs[blob.digest] = data;
    return blob;
  }
  void damage(const DocumentName& name) { store()->put("records/" + name.id, test::body_of("{\"key"), {}); }
};

TEST(CacheObject, ScopesShareBlobsAndDoNotSeeEachOther) {
  ObjectWorld world;
  Record record = test::full_record("a", world.add_blob("blob"));
  Records branch(world.open_scope("branch"), [](const std::string& text) { FAIL() << text; });
  branch.put(record, {});
  EXPECT_THAT(branch.name(), HasSubstr("branch"));
  EXPECT_TRUE(branch.find(record.key, {}));
  Records shared(world.open(), [](const std::string& text) { FAIL() << text; });
  EXPECT_FALSE(shared.find(record.key, {}));
  EXPECT_EQ(base::read_all(*shared.backend().open_blob(*record.blob, {}), 100, "blob"), "blob");
}

TEST(CacheObject, ABlobIsSentOnce) {
  ObjectWorld world;
  Record record = test::full_record("a", world.add_blob("blob"));
  record.content_key = base::sha256("content");
  Records(world.open(), [](const std::string&) {}).put(record, {});
  Records(world.open(), [](const std::string&) {}).put(record, {});
  EXPECT_EQ(world.fake.server().count("PUT", record.blob->digest.hex()), 1U);
}

}  // namespace
}  // namespace cooper::cache

namespace cooper::test {
INSTANTIATE_TYPED_TEST_SUITE_P(Objects, CacheBackendSuite, cache::ObjectWorld);
}  // namespace cooper::test
