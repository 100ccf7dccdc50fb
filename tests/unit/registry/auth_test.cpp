#include "registry/auth.h"

#include <future>
#include <gtest/gtest.h>
#include <thread>

#include "base/error.h"
#include "fixtures.h"
#include "support/fake_registry.h"

namespace cooper::registry {

namespace {

using testing::FakeRegistry;
using testing::FakeReply;
using testing::FakeRequest;
using testing::FakeTokenServer;

base::Error failure_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const base::Error& error) {
    return error;
  }
  ADD_FAILURE() << "it succeeded";
  return base::Error(base::ErrorKind::kInternal, "");
}

}  // namespace

TEST(RegistryChallenge, ReadsSchemesAndParameters) {
  auto challenges = parse_challenges(
      R"(Bearer realm="https://auth.example/token",service="reg, istry",scope="repository:a:pull,push", Basic realm=x)");
  ASSERT_EQ(challenges.size(), 2U);
  EXPECT_EQ(challenges[0].scheme, "bearer");
  EXPECT_EQ(challenges[0].parameters.at("realm"), "https://auth.example/token");
  EXPECT_EQ(challenges[0].parameters.at("service"), "reg, istry");
  EXPECT_EQ(challenges[0].parameters.at("scope"), "repository:a:pull,push");
  EXPECT_EQ(challenges[1].scheme, "basic");
  EXPECT_EQ(challenges[1].parameters.at("realm"), "x");
}

TEST(RegistryChallenge, SurvivesNonsense) {
  for (const char* text : {"", ",,,", "=", "\"", "Bearer realm=\"open", "Bearer =x, y", "a b c = d"}) {
    EXPECT_NO_THROW(parse_challenges(text)) << text;
  }
}

TEST(RegistryAuth, FetchesOneTokenForManyRequests) {
  FakeRegistry registry;
  FakeTokenServer tokens;
  registry.require_token(tokens.realm());
  std::vector<oci::Descriptor> blobs;
  for (int i = 0; i < 8; ++i) blobs.push_back(registry.add_blob("app", "blob " + std::to_string(i)));
  auto client = registry::client();
  client->has_blob(reference(registry.host(), "app"), blobs[0].digest, {});
  {
    std::vector<std::jthread> threads;
    for (const oci::Descriptor& blob : blobs) {
      threads.emplace_back(
          [&] { EXPECT_TRUE(client->has_blob(reference(registry.host(), "app"), blob.digest, {})); });
    }
  }
  EXPECT_EQ(tokens.server().requests().size(), 1U);
  FakeRequest asked = tokens.server().requests()[0];
  EXPECT_EQ(asked.method, "GET");
  EXPECT_EQ(asked.query["service"], "fake");
  EXPECT_EQ(asked.query["scope"], "repository:app:pull");
  EXPECT_FALSE(asked.has_header("authorization"));
}

TEST(RegistryAuth, ThreadsThatMeetTheFirstChallengeTogetherShareItsToken) {
  FakeRegistry registry;
  FakeTokenServer tokens;
  registry.require_token(tokens.realm());
  oci::Descriptor blob = registry.add_blob("app", "blob");
  auto client = registry::client();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 6; ++i) {
      threads.emplace_back(
          [&] { EXPECT_TRUE(client->has_blob(reference(registry.host(), "app"), blob.digest, {})); });
    }
  }
  EXPECT_EQ(tokens.server().requests().size(), 1U);
}

TEST(RegistryAuth, SendsTheUserToTheTokenServerOnly) {
  FakeRegistry registry;
  FakeTokenServer tokens;
  registry.require_token(tokens.realm());
  tokens.require_basic("ci", "secret");
  oci::Descriptor blob = registry.add_blob("app", "blob");
  EXPECT_TRUE(client(user("ci", "secret"))->has_blob(reference(registry.host(), "app"), blob.digest, {}));
  for (const FakeRequest& request : registry.server().requests()) {
    EXPECT_EQ(request.header("authorization").find("Basic"), std::string::npos);
  }
}

TEST(RegistryAuth, SaysWhoWasRefusedWithoutTheSecret) {
  FakeRegistry registry;
  FakeTokenServer tokens;
  registry.require_token(tokens.realm());
  tokens.require_basic("ci", "secret");
  base::Error error = failure_of([&] {
    client(user("ci", "hunter2"))->has_blob(reference(registry.host(), "app"), base::sha256("x"), {});
  });
  EXPECT_EQ(error.kind(), base::ErrorKind::kAuth);
  EXPECT_NE(error.summary().find("incorrect username or password"), std::string::npos) << error.summary();
  EXPECT_EQ(error.render().find("hunter2"), std::string::npos) << error.render();
}

TEST(RegistryAuth, ExchangesAnIdentityTokenByPost) {
  FakeRegistry registry;
  FakeTokenServer tokens;
  registry.require_token(tokens.realm());
  tokens.require_refresh_token("refresh");
  oci::Descriptor blob = registry.add_blob("app", "blob");
  Credential credential;
  credential.identity_token = "refresh";
  auto store = std::make_shared<FixedCredentials>(credential);
  EXPECT_TRUE(client(store)->has_blob(reference(registry.host(), "app"), blob.digest, {}));
  FakeRequest asked = tokens.server().requests()[0];
  EXPECT_EQ(asked.method, "POST");
  EXPECT_EQ(asked.header("content-type"), "application/x-www-form-urlencoded");
  EXPECT_NE(asked.body.find("grant_type=refresh_token"), std::string::npos) << asked.body;
  EXPECT_NE(asked.body.find("scope=repository%3Aapp%3Apull"), std::string::npos) << asked.body;
}

TEST(RegistryAuth, UsesARegistryTokenAsItIs) {
  FakeRegistry registry;
  registry.require_token("http://unused.invalid/");
  oci::Descriptor blob = registry.add_blob("app", "blob");
  Credential credential;
  credential.registry_token = "token-1|repository:app:pull";
  auto store = std::make_shared<FixedCredentials>(credential);
  EXPECT_TRUE(client(store)->has_blob(reference(registry.host(), "app"), blob.digest, {}));
  EXPECT_EQ(registry.server().requests().size(), 1U);
}

TEST(RegistryAuth, RenewsARefusedTokenOnce) {
  FakeRegistry registry;
  FakeTokenServer tokens;
  registry.require_token(tokens.realm());
  oci::Descriptor blob = registry.add_blob("app", "blob");
  auto client = registry::client();
  oci::Reference app = reference(registry.host(), "app");
  EXPECT_TRUE(client->has_blob(app, blob.digest, {}));
  registry.forget_tokens();  // and those to come
  EXPECT_EQ(failure_of([&] { client->has_blob(app, blob.digest, {}); }).kind(), base::ErrorKind::kAuth);
  EXPECT_EQ(tokens.server().requests().size(), 2U);
}

TEST(RegistryAuth, AsksForBothRepositoriesToMount) {
  FakeRegistry registry;
  FakeTokenServer tokens;
  registry.require_token(tokens.realm());
  registry.add_blob("base", "shared");
  PushBlob blob = blob_of("shared");
  blob.mount_from = "base";
  EXPECT_EQ(client()->push_blob(reference(registry.host(), "app"), blob, {}), BlobPush::kMounted);
  FakeRequest asked = tokens.server().requests().back();
  std::vector<std::string> scopes;
  auto [first, last] = asked.query_all.equal_range("scope");
  for (auto scope = first; scope != last; ++scope) scopes.push_back(scope->second);
  EXPECT_EQ(scopes, (std::vector<std::string>{"repository:app:pull,push", "repository:base:pull"}));
}

TEST(RegistryAuth, RefusesATokenThatWouldSplitTheHeader) {
  FakeRegistry registry;
  FakeTokenServer tokens;
  registry.require_token(tokens.realm());
  tokens.server().after(
      [](const FakeRequest&, FakeReply& reply) { reply.body = R"({"token":"a\r\nX: y"})"; });
  base::Error error =
      failure_of([&] { client()->has_blob(reference(registry.host(), "app"), base::sha256("x"), {}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kAuth);
}

TEST(RegistryAuth, FindsCredentialsOncePerRepository) {
  FakeRegistry registry;
  registry.require_basic("ci", "secret");
  oci::Descriptor blob = registry.add_blob("app", "blob");
  auto store = user("ci", "secret");
  auto client = registry::client(store);
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(client->has_blob(reference(registry.host(), "app"), blob.digest, {}));
  EXPECT_EQ(store->asked(), std::vector<std::string>{registry.host() + "/app"});
}

// A helper that asks somebody for a PIN must not hold up what has nothing to do with it.
TEST(RegistryAuth, ASlowStoreForOneHostKeepsNoOtherWaiting) {
  class SlowForOne final : public CredentialStore {
   public:
    CredentialSearch find(const std::string& host, const std::string&, const std::stop_token&) override {
      if (host == "slow.example") {
        begun.set_value();
        release.get_future().wait();
      }
      return {};
    }
    std::promise<void> begun;
    std::promise<void> release;
  };
  auto store = std::make_shared<SlowForOne>();
  Authenticator authenticator(http_client(), store, quick_options());
  std::jthread slow([&] { authenticator.describe("slow.example", "app", {}); });
  store->begun.get_future().wait();
  // Would never return if it waited.
  EXPECT_EQ(authenticator.describe("quick.example", "app", {}), "without credentials");
  store->release.set_value();
}

// The registry's first 401 names the scheme, its second refuses the password: still the first request.
TEST(RegistryAuth, ARefusedPasswordIsReplacedInTheFirstRequest) {
  class Rotating final : public CredentialStore {
   public:
    CredentialSearch find(const std::string&, const std::string&, const std::stop_token&) override {
      Credential credential;
      credential.username = "ci";
      credential.password = refusals == 0 ? "old" : "new";
      return {credential, {}};
    }
    void refused(const std::string&) override { ++refusals; }
    int refusals = 0;
  };
  FakeRegistry registry;
  const oci::Descriptor blob = registry.add_blob("app", "bytes");
  registry.require_basic("ci", "new");
  auto store = std::make_shared<Rotating>();
  EXPECT_TRUE(client(store)->has_blob(reference(registry.host(), "app"), blob.digest, {}));
  EXPECT_EQ(store->refusals, 1);
  registry.require_basic("ci", "another");
  const std::size_t before = registry.server().requests().size();
  const base::Error error =
      failure_of([&] { client(store)->has_blob(reference(registry.host(), "app"), blob.digest, {}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kAuth);
  EXPECT_EQ(registry.server().requests().size() - before, 2U) << "the same password is not sent twice";
}

TEST(RegistryChallenge, ChoosesATokenServerAndSkipsWhatNobodyKnows) {
  net::Response response;
  EXPECT_FALSE(choose_challenge(response));
  response.headers = {{"www-authenticate", "Negotiate YII=, Basic realm=\"x\""},
                      {"www-authenticate", "Digest realm=\"d\", nonce=\"n\""},
                      {"www-authenticate", "Bearer realm=\"https://a/token\",error=\"insufficient_scope\""}};
  EXPECT_EQ(choose_challenge(response)->parameters.at("realm"), "https://a/token");
  response.headers.pop_back();
  EXPECT_EQ(choose_challenge(response)->scheme, "basic");
  response.headers = {{"www-authenticate", "Bearer error=\"x\""}, {"www-authenticate", "Basic realm=x"}};
  EXPECT_EQ(choose_challenge(response)->scheme, "basic") << "a token server without an address";
  response.headers = {{"www-authenticate", "Negotiate"}};
  EXPECT_FALSE(choose_challenge(response));
}

// One token to push, one to mount, however many threads push how much.
TEST(RegistryAuth, FetchesOneTokenPerScopeForAPushWithMounts) {
  FakeRegistry registry;
  FakeTokenServer tokens;
  registry.require_token(tokens.realm());
  auto client = registry::client();
  oci::Reference app = reference(registry.host(), "app");
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      const std::string content = "layer " + std::to_string(i);
      if (i % 2 == 0) registry.add_blob("base", content);
      threads.emplace_back([&client, app, content, i] {
        PushBlob blob = blob_of(content);
        blob.mount_from = "base";
        EXPECT_EQ(client->push_blob(app, blob, {}), i % 2 == 0 ? BlobPush::kMounted : BlobPush::kUploaded);
      });
    }
  }
  client->push_manifest(reference(registry.host(), "app:1"), "a/b", "{}", {});
  std::vector<std::string> scopes;
  for (FakeRequest& asked : tokens.server().requests()) {
    auto [first, last] = asked.query_all.equal_range("scope");
    std::string joined;
    for (auto scope = first; scope != last; ++scope) joined += scope->second + " ";
    scopes.push_back(joined);
  }
  std::sort(scopes.begin(), scopes.end());
  EXPECT_EQ(scopes, (std::vector<std::string>{"repository:app:pull,push ",
                                              "repository:app:pull,push repository:base:pull "}));
}

TEST(RegistryAuth, ASlowTokenServerIsAskedAgain) {
  FakeRegistry registry;
  FakeTokenServer tokens;
  registry.require_token(tokens.realm());
  FakeReply reset;
  reset.status = 0;
  reset.end(FakeReply::Ending::kReset, 0);
  tokens.server().before(testing::fail_times(2, "GET", "/token", reset));
  oci::Descriptor blob = registry.add_blob("app", "blob");
  EXPECT_TRUE(client()->has_blob(reference(registry.host(), "app"), blob.digest, {}));
  EXPECT_EQ(tokens.server().requests().size(), 3U);
}

TEST(RegistryAuth, ATokenThatIsNotEnoughIsNotFetchedAgain) {
  FakeRegistry registry;
  FakeTokenServer tokens;
  registry.require_token(tokens.realm());
  registry.server().before([&](const FakeRequest& request) -> std::optional<FakeReply> {
    if (!request.has_header("authorization")) return std::nullopt;
    return testing::refusal(401, "DENIED", "not yours")
        .with("WWW-Authenticate", "Bearer realm=\"" + tokens.realm() + "\",error=\"insufficient_scope\"");
  });
  base::Error error =
      failure_of([&] { client()->has_blob(reference(registry.host(), "app"), base::sha256("x"), {}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kAuth);
  EXPECT_EQ(tokens.server().requests().size(), 1U);
}

// Three quarters of a life of one second: the first token is used, then renewed before it is refused.
TEST(RegistryAuth, RenewsAShortTokenBeforeItExpires) {
  FakeRegistry registry;
  FakeTokenServer tokens;
  registry.require_token(tokens.realm());
  tokens.set_lifetime(1);
  oci::Descriptor blob = registry.add_blob("app", "blob");
  auto client = registry::client();
  const auto begin = std::chrono::steady_clock::now();
  while (tokens.server().requests().size() < 2) {
    EXPECT_TRUE(client->has_blob(reference(registry.host(), "app"), blob.digest, {}));
    ASSERT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
  }
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(740));
  int refused = 0;
  for (const FakeRequest& request : registry.server().requests())
    refused += !request.has_header("authorization");
  EXPECT_EQ(refused, 1) << "only the first request went without a token";
}

}  // namespace cooper::registry
