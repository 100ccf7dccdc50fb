#include "cache/s3_store.h"

#include "cache/s3_service.h"
#include "support/fake_s3.h"
#include "support/object_store_suite.h"

namespace cooper::test {

namespace {

using cache::make_s3_store;
using support::error_of;
using testing::FakeS3;
using ::testing::HasSubstr;
using Attributes = std::map<std::string, std::string>;

struct S3World {
  Attributes attributes() {
    return {{"bucket", FakeS3::kBucket},       {"prefix", "ci/cache"},
            {"region", "eu-test-1"},           {"endpoint_url", fake.server().url("/")},
            {"access_key_id", FakeS3::kKeyId}, {"secret_access_key", FakeS3::kSecret}};
  }
  std::unique_ptr<cache::ObjectStore> open() { return make_s3_store(attributes(), quick_cloud()); }
  std::unique_ptr<cache::ObjectStore> open_as_stranger() {
    Attributes wrong = attributes();
    wrong["secret_access_key"] = secret();
    return make_s3_store(wrong, quick_cloud());
  }
  static std::string secret() { return "hunter2hunter2"; }
  testing::FakeServer& server() { return fake.server(); }
  testing::FakeObjects& objects() { return fake.objects(); }
  bool has_leftovers() const { return fake.open_uploads() > 0; }

  FakeS3 fake;
};

}  // namespace

INSTANTIATE_TYPED_TEST_SUITE_P(S3, ObjectStoreSuite, S3World);

TEST(CacheS3Store, FollowsTheBucketToItsRegionOnce) {
  S3World world;
  world.fake.set_region("ap-other-2");
  auto store = world.open();
  store->put("records/a", body_of("content"), {});
  EXPECT_EQ(store->get("records/a", 100, {}), "content");
  EXPECT_EQ(world.server().requests().size(), 3U);
}

TEST(CacheS3Store, FetchesFreshKeysWhenTheSessionHasEnded) {
  S3World world;
  world.fake.set_session_token("fresh");
  auto store = world.open();
  base::Error error = error_of([&] { store->get("records/a", 100, {}); });
  EXPECT_THAT(error.summary(), HasSubstr("ExpiredToken"));
  EXPECT_THAT(error.hint(), HasSubstr("fresh credentials"));
  Attributes attributes = world.attributes();
  attributes["session_token"] = "fresh";
  EXPECT_EQ(make_s3_store(attributes, quick_cloud())->get("records/a", 100, {}), std::nullopt);
}

TEST(CacheS3Store, ExplainsAWrongClock) {
  S3World world;
  cloud::CloudContext context = quick_cloud();
  context.now = [] { return std::chrono::system_clock::now() - std::chrono::hours(1); };
  base::Error error =
      error_of([&] { make_s3_store(world.attributes(), context)->get("records/a", 100, {}); });
  EXPECT_THAT(error.hint(), HasSubstr("clock"));
}

TEST(CacheS3Store, AMissingBucketIsNoMissingObject) {
  S3World world;
  Attributes attributes = world.attributes();
  attributes["bucket"] = "nothing";
  base::Error error = error_of([&] { make_s3_store(attributes, quick_cloud())->get("records/a", 100, {}); });
  EXPECT_THAT(error.summary(), HasSubstr("NoSuchBucket"));
}

TEST(CacheS3Store, LooksFirstWhereConditionsAreUnknown) {
  S3World world;
  world.fake.without_conditions();
  auto store = world.open();
  EXPECT_TRUE(store->put_new("records/a", body_of("first"), {}));
  EXPECT_FALSE(store->put_new("records/a", body_of("second"), {}));
  EXPECT_TRUE(store->put_new("records/b", body_of("first"), {}));
  EXPECT_EQ(store->get("records/a", 100, {}), "first");
}

TEST(CacheS3Store, LooksAgainAfterAConflictWithAnotherWriter) {
  S3World world;
  auto store = world.open();
  testing::FakeReply conflict;
  conflict.status = 409;
  conflict.body = "<Error><Code>ConditionalRequestConflict</Code></Error>";
  world.server().before(testing::fail_times(1, "PUT", "records/a", conflict));
  EXPECT_TRUE(store->put_new("records/a", body_of("content"), {}));
  world.server().before(testing::fail_times(1000, "PUT", "records/b", conflict));
  EXPECT_THAT(error_of([&] { store->put_new("records/b", body_of("content"), {}); }).summary(),
              HasSubstr("other writers"));
}

TEST(CacheS3Store, NoticesAFailureInsideASuccess) {
  S3World world;
  auto store = world.open();
  const std::string content = noise((16 << 20) + 1);
  world.fake.fail_next_completion("InternalError");
  store->put("blobs/a", body_of(content), {});
  EXPECT_TRUE(world.objects().find("ci/cache/blobs/a") == content);
  world.fake.fail_next_completion("AccessDenied");
  base::Error error = error_of([&] { store->put("blobs/b", body_of(content), {}); });
  EXPECT_THAT(error.summary(), HasSubstr("AccessDenied: it went wrong after all"));
  EXPECT_FALSE(store->exists("blobs/b", {}));
  EXPECT_FALSE(world.has_leftovers());
}

TEST(CacheS3Store, BelievesACompletionWhoseAnswerWasLost) {
  S3World world;
  auto store = world.open();
  std::atomic<int> lost = 0;
  world.server().after([&](const testing::FakeRequest& request, testing::FakeReply& reply) {
    bool is_completion = request.method == "POST" && request.query.contains("uploadId");
    if (is_completion && ++lost == 1) reply.end(testing::FakeReply::Ending::kReset, 0);
  });
  const std::string content = noise((16 << 20) + 1);
  store->put("blobs/a", body_of(content), {});
  EXPECT_EQ(lost, 2);
  EXPECT_TRUE(world.objects().find("ci/cache/blobs/a") == content);
}

TEST(CacheS3Store, HoldsNoMorePartsThanItWasTold) {
  S3World world;
  Attributes attributes = world.attributes();
  attributes["upload_parallelism"] = "1";
  make_s3_store(attributes, quick_cloud())->put("blobs/a", body_of(noise(50 << 20)), {});
  EXPECT_EQ(world.server().most_at_once(), 1U);
}

TEST(CacheS3Store, RefusesAttributesByName) {
  auto failure = [](const std::string& name, const std::string& value) {
    Attributes attributes = {{"bucket", "b"}};
    attributes[name] = value;
    return error_of([&] { make_s3_store(attributes, quick_cloud()); });
  };
  EXPECT_EQ(failure("buckets", "b").message(), "type=s3 has no attribute 'buckets'");
  EXPECT_THAT(failure("buckets", "b").hint(), HasSubstr("use_path_style"));
  for (const char* name : {"name", "blobs_prefix", "manifests_prefix", "touch_refresh"})
    EXPECT_THAT(failure(name, "x").message(), HasSubstr(std::string("'") + name + "'"));
  EXPECT_THAT(failure("use_path_style", "maybe").message(), HasSubstr("'maybe'"));
  EXPECT_THAT(failure("upload_parallelism", "0").hint(), HasSubstr("from 1 to"));
  EXPECT_THAT(failure("endpoint_url", "ftp://u:hush@host").message(), ::testing::Not(HasSubstr("hush")));
  EXPECT_THAT(failure("prefix", "a/../b").message(), HasSubstr("'..'"));
  EXPECT_THAT(failure("access_key_id", "AKID").message(), HasSubstr("secret_access_key"));
  EXPECT_THAT(error_of([] { make_s3_store({}, quick_cloud()); }).message(), HasSubstr("'bucket'"));
}

namespace {

std::string url_of(const std::string& bucket, const std::string& endpoint, bool by_path,
                   const std::string& region) {
  cloud::AwsOptions options = {"AKID", "hush", "", region};
  cache::S3Service service(quick_cloud(), options, {bucket, "", endpoint, by_path});
  cache::ObjectCall call;
  call.path = "/a";
  return service.request(call, {}).url;
}

}  // namespace

TEST(CacheS3Store, AddressesBucketsAsAwsWants) {
  EXPECT_EQ(url_of("b", "", false, "eu-west-1"), "https://b.s3.eu-west-1.amazonaws.com/a");
  EXPECT_EQ(url_of("b", "", false, "cn-north-1"), "https://b.s3.cn-north-1.amazonaws.com.cn/a");
  EXPECT_EQ(url_of("b", "", true, "eu-west-1"), "https://s3.eu-west-1.amazonaws.com/b/a");
  EXPECT_EQ(url_of("b.c", "", false, "eu-west-1"), "https://s3.eu-west-1.amazonaws.com/b.c/a");
  EXPECT_EQ(url_of("b", "https://minio:9000", false, "x"), "https://b.minio:9000/a");
  EXPECT_EQ(url_of("b", "https://minio:9000/s3", true, "x"), "https://minio:9000/s3/b/a");
  EXPECT_EQ(url_of("b", "http://127.0.0.1:9000", false, ""), "http://127.0.0.1:9000/b/a");
}

}  // namespace cooper::test
