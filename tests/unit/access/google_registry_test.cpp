#include "access/google_registry.h"

#include <gmock/gmock.h>

#include "access/docker_config.h"
#include "base/base64.h"
#include "net/url.h"
#include "unit/cloud/fixtures.h"

namespace cooper::access {
namespace {

using testing::answer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::header_of;

const std::string kMetadata =
    "GET http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token";
const std::string kHost = "europe-west1-docker.pkg.dev";

net::Response token(const std::string& value, int seconds) {
  return answer(200, R"({"access_token":")" + value + R"(","expires_in":)" + std::to_string(seconds) + "}",
                {{"metadata-flavor", "Google"}});
}

struct Google : cloud::TestCloud {
  Google() { environment = {{"HOME", home.path()}}; }
  GoogleRegistryCredentials& store() {
    if (!store_) store_ = std::make_unique<GoogleRegistryCredentials>(context());
    return *store_;
  }
  registry::CredentialSearch find(const std::string& host = kHost) { return store().find(host, "p/app", {}); }
  std::unique_ptr<GoogleRegistryCredentials> store_;
};

TEST(AccessGoogleRegistry, TheMachinesTokenIsThePassword) {
  Google google;
  google.http->on(kMetadata, token("ya29", 3600));
  const auto found = google.find().found;
  ASSERT_TRUE(found);
  EXPECT_EQ(found->username, "oauth2accesstoken");
  EXPECT_EQ(found->password, "ya29");
  EXPECT_EQ(found->renew_at, *google.now + std::chrono::minutes(30));
  EXPECT_EQ(header_of(google.http->requests().at(0), "Metadata-Flavor"), "Google");
  EXPECT_EQ(google.find("gcr.io").found->password, "ya29");
  EXPECT_EQ(google.http->requests().size(), 1U);
}

TEST(AccessGoogleRegistry, ARefusedTokenIsAskedForAgain) {
  Google google;
  google.http->on(kMetadata, token("old", 3600));
  google.find();
  google.http->on(kMetadata, token("new", 3600));
  google.store().refused("r.example");
  EXPECT_EQ(google.find().found->password, "old");
  google.store().refused(kHost);
  EXPECT_EQ(google.find().found->password, "new");
}

TEST(AccessGoogleRegistry, ExchangesAWorkloadIdentity) {
  Google google;
  google.file("jwt", "the.ci.jwt\n");
  google.environment["GOOGLE_APPLICATION_CREDENTIALS"] =
      google.file("adc.json", R"({"type":"external_account","audience":"//iam.googleapis.com/pool",
        "subject_token_type":"urn:ietf:params:oauth:token-type:jwt","token_url":"https://sts.googleapis.com/v1/token",
        "credential_source":{"file":")" +
                                  google.home.path() + R"(/jwt"}})");
  google.http->on("POST https://sts.googleapis.com/v1/token", token("federated", 600));
  EXPECT_EQ(google.find().found->password, "federated");
  const net::Request request = google.http->requests().at(0);
  EXPECT_EQ(header_of(request, "Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(header_of(request, "Authorization"), "");
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
           {"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
           {"audience", "//iam.googleapis.com/pool"},
           {"scope", "https://www.googleapis.com/auth/cloud-platform"},
           {"requested_token_type", "urn:ietf:params:oauth:token-type:access_token"},
           {"subject_token_type", "urn:ietf:params:oauth:token-type:jwt"},
           {"subject_token", "the.ci.jwt"}}) {
    EXPECT_THAT("&" + request.body + "&", HasSubstr("&" + name + "=" + net::percent_encode(value) + "&"));
  }
}

TEST(AccessGoogleRegistry, IsNotForOthersAndSaysWhyNot) {
  Google google;
  EXPECT_TRUE(google.find("quay.io").tried.empty());
  EXPECT_TRUE(google.http->requests().empty());
  EXPECT_THAT(google.find().tried, ElementsAre(HasSubstr("no Google Cloud credentials found")));
  const std::size_t asked = google.http->requests().size();
  google.find("gcr.io");
  EXPECT_EQ(google.http->requests().size(), asked) << "an absent cloud is asked once";
}

// Keys of service accounts are ordinary passwords, JSON with colons, quotes and line breaks though they are.
TEST(AccessGoogleRegistry, KeysInAConfigArePlainPasswords) {
  const std::string key = "{\"type\":\"service_account\",\n\"private_key\":\"-----BEGIN:\\n$+\"}";
  for (const std::string user : {"_json_key", "_json_key_base64"}) {
    const std::string password = user == "_json_key" ? key : base::base64_encode(key);
    DockerConfigCredentials config(
        R"({"auths":{"https://gcr.io":{"auth":")" + base::base64_encode(user + ":" + password) + R"("}}})",
        "config.json", {});
    const auto found = config.find("gcr.io", "p/app", {}).found;
    ASSERT_TRUE(found);
    EXPECT_EQ(found->username, user);
    EXPECT_EQ(found->password, password);
  }
}

}  // namespace
}  // namespace cooper::access
