#include "cache/gcs_store.h"

#include <nlohmann/json.hpp>

#include "os/beneath.h"
#include "os/fd.h"
#include "support/fake_gcs.h"
#include "support/object_store_suite.h"

namespace cooper::test {

namespace {

using cache::make_gcs_store;
using support::error_of;
using testing::FakeGcs;
using ::testing::HasSubstr;
using Attributes = std::map<std::string, std::string>;

struct GcsWorld {
  std::string credentials(const std::string& name, const std::string& refresh_token) {
    const nlohmann::json file = {{"type", "authorized_user"},
                                 {"client_id", "ci"},
                                 {"client_secret", "hush"},
                                 {"refresh_token", refresh_token},
                                 {"token_uri", fake.server().url("/token")}};
    os::write_file_atomically(folder.path() + "/" + name, file.dump());
    return folder.path() + "/" + name;
  }
  Attributes attributes() {
    return {{"bucket", FakeGcs::kBucket},
            {"prefix", "/ci/cache/"},
            {"endpoint_url", fake.server().url("")},
            {"credentials", credentials("right", FakeGcs::kRefreshToken)}};
  }
  std::unique_ptr<cache::ObjectStore> open() { return make_gcs_store(attributes(), quick_cloud()); }
  std::unique_ptr<cache::ObjectStore> open_as_stranger() {
    // Somebody the token server knows, and the bucket does not.
    Attributes wrong = attributes();
    fake.server().before([](const testing::FakeRequest& request) -> std::optional<testing::FakeReply> {
      if (request.path != "/token" || request.body.find(secret()) == std::string::npos) return std::nullopt;
      testing::FakeReply reply;
      reply.body = R"({"access_token":"hunter2hunter2","expires_in":3600})";
      return reply;
    });
    wrong["credentials"] = credentials("wrong", secret());
    return make_gcs_store(wrong, quick_cloud());
  }
  static std::string secret() { return "hunter2hunter2"; }
  testing::FakeServer& server() { return fake.server(); }
  testing::FakeObjects& objects() { return fake.objects(); }
  bool has_leftovers() const { return fake.open_uploads() > 0; }

  os::TempDir folder{"/tmp"};
  FakeGcs fake;
};

}  // namespace

INSTANTIATE_TYPED_TEST_SUITE_P(Gcs, ObjectStoreSuite, GcsWorld);

TEST(CacheGcsStore, GoesOnWhereAnUploadBroke) {
  GcsWorld world;
  auto store = world.open();
  const std::string content = noise((40 << 20) + 5);
  store->exists("blobs/a", {});  // fetches the token
  world.fake.break_next_chunk(5 << 20);
  store->put("blobs/a", body_of(content), {});
  EXPECT_TRUE(world.objects().find("ci/cache/blobs/a") == content);
  std::size_t sent = 0;
  for (const testing::FakeRequest& request : world.server().requests()) sent += request.body.size();
  EXPECT_LT(sent, content.size() + (12 << 20)) << "only what was missing is sent again";
}

TEST(CacheGcsStore, GoesOnAfterAChunkWhoseAnswerWasLost) {
  GcsWorld world;
  world.fake.break_next_chunk(16 << 20);
  const std::string content = noise((33 << 20) + 5);
  world.open()->put("blobs/a", body_of(content), {});
  EXPECT_TRUE(world.objects().find("ci/cache/blobs/a") == content);
}

TEST(CacheGcsStore, SendsAgainWhatWasNotTaken) {
  GcsWorld world;
  world.fake.take_at_most(6 << 20);
  const std::string content = noise((33 << 20) + 5);
  world.open()->put("blobs/a", body_of(content), {});
  EXPECT_TRUE(world.objects().find("ci/cache/blobs/a") == content);
}

TEST(CacheGcsStore, AServiceThatTakesNothingIsAnError) {
  GcsWorld world;
  world.fake.take_at_most(0);
  base::Error error = error_of([&] { world.open()->put("blobs/a", body_of(noise(17 << 20)), {}); });
  EXPECT_THAT(error.summary(), HasSubstr("took none"));
}

TEST(CacheGcsStore, FetchesAFreshTokenWhenOneIsRefused) {
  GcsWorld world;
  auto store = world.open();
  store->put("records/a", body_of("content"), {});
  world.fake.revoke_tokens();
  EXPECT_EQ(store->get("records/a", 100, {}), "content");
  EXPECT_EQ(world.server().count("POST", "/token"), 2U);
}

TEST(CacheGcsStore, AMissingBucketIsNoMissingObject) {
  GcsWorld world;
  Attributes attributes = world.attributes();
  attributes["bucket"] = "nothing";
  base::Error error = error_of([&] { make_gcs_store(attributes, quick_cloud())->get("records/a", 100, {}); });
  EXPECT_THAT(error.summary(), HasSubstr("The specified bucket does not exist"));
}

TEST(CacheGcsStore, KeepsTheSessionsAddressOutOfErrors) {
  GcsWorld world;
  testing::FakeReply reset;
  reset.status = 0;
  reset.end(testing::FakeReply::Ending::kReset, 0);
  world.server().before(testing::fail_times(1000, "PUT", "upload_id", reset));
  base::Error error = error_of([&] { world.open()->put("blobs/a", body_of(noise(17 << 20)), {}); });
  EXPECT_THAT(error.summary(), HasSubstr("upload_id=***"));
}

TEST(CacheGcsStore, SendsItsTokenToNobodyInTheClear) {
  Attributes attributes = {{"bucket", "b"}, {"endpoint_url", "http://storage.example"}};
  EXPECT_THAT(error_of([&] { make_gcs_store(attributes, quick_cloud()); }).message(), HasSubstr("not https"));
}

TEST(CacheGcsStore, RefusesAttributesByName) {
  EXPECT_EQ(error_of([] {
              make_gcs_store({{"bucket", "b"}, {"region", "x"}}, quick_cloud());
            }).message(),
            "type=gcs has no attribute 'region'");
  EXPECT_THAT(error_of([] { make_gcs_store({}, quick_cloud()); }).message(), HasSubstr("'bucket'"));
}

}  // namespace cooper::test
