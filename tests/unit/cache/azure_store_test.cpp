#include "cache/azure_store.h"

#include "support/fake_azure.h"
#include "support/object_store_suite.h"

namespace cooper::test {

namespace {

using cache::make_azure_store;
using support::error_of;
using testing::FakeAzure;
using ::testing::HasSubstr;
using ::testing::Not;
using Attributes = std::map<std::string, std::string>;

struct AzureWorld {
  Attributes attributes() const {
    return {{"account_url", fake.account_url()},
            {"container", FakeAzure::kContainer},
            {"prefix", "ci/cache"},
            {"secret_access_key", FakeAzure::kKey}};
  }
  std::unique_ptr<cache::ObjectStore> open() { return make_azure_store(attributes(), quick_cloud()); }
  std::unique_ptr<cache::ObjectStore> open_as_stranger() {
    Attributes wrong = attributes();
    wrong["secret_access_key"] = secret();
    return make_azure_store(wrong, quick_cloud());
  }
  static std::string secret() { return "aHVudGVyMmh1bnRlcjI="; }
  testing::FakeServer& server() { return fake.server(); }
  testing::FakeObjects& objects() { return fake.objects(); }
  // Blocks that nobody commits are the service's to drop.
  static bool has_leftovers() { return false; }

  FakeAzure fake;
};

}  // namespace

INSTANTIATE_TYPED_TEST_SUITE_P(Azure, ObjectStoreSuite, AzureWorld);

TEST(CacheAzureStore, TakesASharedAccessSignatureInTheUrl) {
  AzureWorld world;
  Attributes attributes = world.attributes();
  attributes.erase("secret_access_key");
  attributes["account_url"] += std::string("/?") + FakeAzure::kSas;
  auto store = make_azure_store(attributes, quick_cloud());
  store->put("records/a", body_of("content"), {});
  EXPECT_EQ(store->get("records/a", 100, {}), "content");
  EXPECT_EQ(store->list("records/", {}).size(), 1U);
  EXPECT_EQ(store->name(), "azblob fakeaccount/cache/ci/cache");

  attributes["account_url"] = world.fake.account_url() + "?sv=1&sig=hunter2";
  base::Error error =
      error_of([&] { make_azure_store(attributes, quick_cloud())->get("records/a", 100, {}); });
  EXPECT_THAT(error.hint(), HasSubstr("shared access signature"));
  EXPECT_THAT(error.render(), Not(HasSubstr("hunter2")));
}

TEST(CacheAzureStore, TakesATokenAndFetchesAFreshOneWhenItIsRefused) {
  AzureWorld world;
  testing::FakeServer login([given = 0](const testing::FakeRequest&) mutable {
    testing::FakeReply reply;
    const std::string token = ++given == 1 ? "an old one" : FakeAzure::kToken;
    reply.body = R"({"access_token":")" + token + R"(","expires_in":3600})";
    return reply;
  });
  cloud::CloudContext context = quick_cloud();
  context.environment = {{"AZURE_TENANT_ID", "t"},
                         {"AZURE_CLIENT_ID", "c"},
                         {"AZURE_CLIENT_SECRET", "hush"},
                         {"AZURE_AUTHORITY_HOST", login.url("/")}};
  Attributes attributes = world.attributes();
  attributes.erase("secret_access_key");
  auto store = make_azure_store(attributes, context);
  EXPECT_TRUE(store->put_new("records/a", body_of("content"), {}));
  EXPECT_EQ(store->get("records/a", 100, {}), "content");
  EXPECT_EQ(login.requests().size(), 2U);
}

TEST(CacheAzureStore, CreatesTheContainerWithTheFirstWrite) {
  AzureWorld world;
  world.fake.remove_container();
  auto store = world.open();
  EXPECT_EQ(store->get("records/a", 100, {}), std::nullopt);
  EXPECT_FALSE(store->exists("records/a", {}));
  EXPECT_TRUE(store->list("", {}).empty());
  EXPECT_FALSE(world.fake.has_container());
  EXPECT_TRUE(store->put_new("records/a", body_of("content"), {}));
  EXPECT_TRUE(world.fake.has_container());
  world.fake.remove_container();
  store->put("blobs/a", body_of(noise((33 << 20) + 1)), {});
  EXPECT_TRUE(store->exists("blobs/a", {}));
}

TEST(CacheAzureStore, SendsItsBlocksAgainWhenAnotherWriterDroppedThem) {
  AzureWorld world;
  auto store = world.open();
  const std::string content = noise((16 << 20) + 1);
  testing::FakeReply dropped;
  dropped.status = 400;
  dropped.body = "<Error><Code>InvalidBlockList</Code></Error>";
  world.server().before(testing::fail_times(1, "PUT", "comp=blocklist", dropped));
  store->put("blobs/a", body_of(content), {});
  EXPECT_TRUE(world.objects().find("ci/cache/blobs/a") == content);
  world.server().before(testing::fail_times(1000, "PUT", "comp=blocklist", dropped));
  EXPECT_THAT(error_of([&] { store->put("blobs/b", body_of(content), {}); }).summary(),
              HasSubstr("other writers"));
}

TEST(CacheAzureStore, ReadsTheAccountOutOfTheUrl) {
  auto name = [](const std::string& url) {
    return make_azure_store({{"account_url", url}, {"secret_access_key", "a2V5"}}, quick_cloud())->name();
  };
  EXPECT_EQ(name("https://acct.blob.core.windows.net/"), "azblob acct/buildkit-cache");
  EXPECT_EQ(name("http://127.0.0.1:10000/devstoreaccount1"), "azblob devstoreaccount1/buildkit-cache");
}

TEST(CacheAzureStore, RefusesAttributesByName) {
  auto failure = [](const std::string& name, const std::string& value) {
    Attributes attributes = {{"account_url", "https://acct.blob.core.windows.net"}};
    attributes[name] = value;
    return error_of([&] { make_azure_store(attributes, quick_cloud()); });
  };
  EXPECT_EQ(failure("bucket", "b").message(), "type=azblob has no attribute 'bucket'");
  for (const char* name : {"name", "blobs_prefix", "manifests_prefix"})
    EXPECT_THAT(failure(name, "x").message(), HasSubstr("has no meaning for cooper"));
  EXPECT_THAT(failure("secret_access_key", "no!key").message(), HasSubstr("not base64"));
  EXPECT_THAT(failure("secret_access_key", "no!key").message(), Not(HasSubstr("no!key")));
  EXPECT_THAT(failure("account_url", "http://127.0.0.1:10000").message(), HasSubstr("'account_name'"));
  EXPECT_THAT(failure("account_url", "http://acct.example").message(), HasSubstr("not https"));
  EXPECT_THAT(error_of([] { make_azure_store({}, quick_cloud()); }).message(), HasSubstr("'account_url'"));
}

}  // namespace cooper::test
