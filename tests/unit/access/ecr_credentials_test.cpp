#include "access/ecr_credentials.h"

#include <gmock/gmock.h>

#include "base/base64.h"
#include "base/digest.h"
#include "unit/cloud/fixtures.h"

namespace cooper::access {
namespace {

using testing::answer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::header_of;
using ::testing::Not;

const std::string kHost = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
const std::string kService = "POST https://api.ecr.eu-west-1.amazonaws.com/";
const std::string kPublicService = "POST https://api.ecr-public.us-east-1.amazonaws.com/";

struct Ecr : cloud::TestCloud {
  Ecr() {
    environment = {{"HOME", home.path()},
                   {"AWS_EC2_METADATA_DISABLED", "true"},
                   {"AWS_ACCESS_KEY_ID", "AKID"},
                   {"AWS_SECRET_ACCESS_KEY", "hush"},
                   {"AWS_SESSION_TOKEN", "session"}};
  }
  std::int64_t seconds() const { return std::chrono::system_clock::to_time_t(*now); }
  net::Response token(const std::string& password, std::int64_t expires) const {
    return answer(200, R"({"authorizationData":[{"authorizationToken":")" +
                           base::base64_encode("AWS:" + password) + R"(","expiresAt":)" +
                           std::to_string(expires) + R"(.25,"proxyEndpoint":"https://x"}]})");
  }
  EcrCredentials& store() {
    if (!store_) store_ = std::make_unique<EcrCredentials>(context());
    return *store_;
  }
  registry::CredentialSearch find(const std::string& host = kHost) { return store().find(host, "app", {}); }

  std::unique_ptr<EcrCredentials> store_;
};

// What AWS checks: the same signature, made again out of what was sent.
void expect_signed(const net::Request& request, const cloud::AwsScope& scope, cloud::TimePoint time) {
  const cloud::AwsCredentials keys = {"AKID", "hush", "session", std::nullopt, ""};
  const net::Headers sent = {{"Content-Type", header_of(request, "Content-Type")},
                             {"X-Amz-Target", header_of(request, "X-Amz-Target")}};
  const net::Headers again = cloud::sign_aws_request(request.method, request.url, sent,
                                                     base::sha256(request.body).hex(), keys, scope, time);
  for (const auto& [name, value] : again) EXPECT_EQ(header_of(request, name), value) << name;
  EXPECT_THAT(header_of(request, "Authorization"),
              HasSubstr("SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target"));
}

TEST(AccessEcr, AsksTheServiceOfTheHostsRegion) {
  Ecr ecr;
  ecr.http->on(kService, ecr.token("secret", ecr.seconds() + 12 * 3600));
  const auto found = ecr.find().found;
  ASSERT_TRUE(found);
  EXPECT_EQ(found->username, "AWS");
  EXPECT_EQ(found->password, "secret");
  EXPECT_EQ(found->renew_at, *ecr.now + std::chrono::hours(6));
  EXPECT_THAT(found->source, HasSubstr("eu-west-1"));
  const net::Request request = ecr.http->requests().at(0);
  EXPECT_EQ(request.body, "{}");
  EXPECT_EQ(header_of(request, "Content-Type"), "application/x-amz-json-1.1");
  EXPECT_EQ(header_of(request, "X-Amz-Target"), "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken");
  expect_signed(request, {"eu-west-1", "ecr"}, *ecr.now);
}

TEST(AccessEcr, AsksThePublicServiceInItsOneRegion) {
  Ecr ecr;
  ecr.environment["AWS_REGION"] = "eu-west-1";
  ecr.http->on(kPublicService,
               answer(200, R"({"authorizationData":{"authorizationToken":")" +
                               base::base64_encode("AWS:public") + R"(","expiresAt":1.0E3}})"));
  const auto found = ecr.find("public.ecr.aws").found;
  ASSERT_TRUE(found);
  EXPECT_EQ(found->password, "public");
  // The end that the answer names has long passed.
  EXPECT_EQ(found->renew_at, *ecr.now + std::chrono::hours(6));
  const net::Request request = ecr.http->requests().at(0);
  EXPECT_EQ(header_of(request, "X-Amz-Target"), "SpencerFrontendService.GetAuthorizationToken");
  expect_signed(request, {"us-east-1", "ecr-public"}, *ecr.now);
}

TEST(AccessEcr, OneTokenServesARegionUntilHalfOfItsLife) {
  Ecr ecr;
  ecr.http->on(kService, ecr.token("first", ecr.seconds() + 12 * 3600));
  ecr.find();
  ecr.find("999999999999.dkr.ecr.eu-west-1.amazonaws.com");
  *ecr.now += std::chrono::hours(5);
  ecr.find();
  EXPECT_EQ(ecr.http->count("api.ecr"), 1U);
  *ecr.now += std::chrono::hours(2);
  ecr.http->on(kService, ecr.token("second", ecr.seconds() + 12 * 3600));
  EXPECT_EQ(ecr.find().found->password, "second");
}

// A service that fails at half-time takes nothing away: the old token is good for hours.
TEST(AccessEcr, ARenewalThatFailsKeepsTheOldToken) {
  Ecr ecr;
  ecr.http->on(kService, ecr.token("first", ecr.seconds() + 12 * 3600));
  ecr.find();
  ecr.http->on(kService, answer(500, ""));
  *ecr.now += std::chrono::hours(7);
  EXPECT_EQ(ecr.find().found->password, "first");
  *ecr.now += std::chrono::hours(7);
  EXPECT_FALSE(ecr.find().found);
}

TEST(AccessEcr, ARefusedTokenIsNotGivenAgain) {
  Ecr ecr;
  ecr.http->on(kService, ecr.token("first", ecr.seconds() + 12 * 3600));
  ecr.find();
  ecr.http->on(kService, ecr.token("second", ecr.seconds() + 12 * 3600));
  ecr.store().refused("r.example");
  EXPECT_EQ(ecr.find().found->password, "first");
  ecr.store().refused(kHost);
  EXPECT_EQ(ecr.find().found->password, "second");
}

TEST(AccessEcr, WithoutKeysNobodyIsAsked) {
  Ecr ecr;
  ecr.environment.erase("AWS_ACCESS_KEY_ID");
  ecr.environment.erase("AWS_SECRET_ACCESS_KEY");
  const registry::CredentialSearch search = ecr.find();
  EXPECT_FALSE(search.found);
  EXPECT_THAT(search.tried, ElementsAre(HasSubstr("no AWS credentials found")));
  EXPECT_TRUE(ecr.http->requests().empty());
  EXPECT_TRUE(ecr.find("r.example").tried.empty());
}

TEST(AccessEcr, SaysWhatTheServiceSaid) {
  Ecr ecr;
  ecr.http->on(kService, answer(400, R"({"__type":"AccessDeniedException","Message":"not you"})"));
  EXPECT_THAT(ecr.find().tried, ElementsAre(::testing::AllOf(HasSubstr("AccessDeniedException"),
                                                             HasSubstr("not you"), Not(HasSubstr("hush")))));
  for (const char* body : {"", "[]", "{}", R"({"authorizationData":[]})", R"({"authorizationData":7})",
                           R"({"authorizationData":[{"authorizationToken":"bm9uZQ=="}]})",
                           R"({"authorizationData":[{"authorizationToken":7}]})"}) {
    ecr.store_.reset();
    ecr.http->on(kService, answer(200, body));
    EXPECT_THAT(ecr.find().tried, ElementsAre(HasSubstr("gave no token"))) << body;
  }
}

TEST(AccessEcr, GoesWhereTheEnvironmentSays) {
  Ecr ecr;
  ecr.environment["AWS_ENDPOINT_URL_ECR"] = "http://127.0.0.1:5555/";
  ecr.http->on("POST http://127.0.0.1:5555/", ecr.token("local", ecr.seconds() + 3600));
  const auto found = ecr.find().found;
  ASSERT_TRUE(found);
  EXPECT_EQ(found->password, "local");
  EXPECT_EQ(found->renew_at, *ecr.now + std::chrono::minutes(30));
  expect_signed(ecr.http->requests().at(0), {"eu-west-1", "ecr"}, *ecr.now);
}

}  // namespace
}  // namespace cooper::access
