// Our calls of AWS, read by moto: a double that others wrote, for whom a wrong target, body or region is no
// request at all. It does not check signatures; the signer has tests of its own.
#include <gtest/gtest.h>
#include <unistd.h>

#include "access/ecr_credentials.h"
#include "support/child_server.h"
#include "unit/cloud/fixtures.h"

namespace cooper::access {
namespace {

class AccessMoto : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (::access(COOPER_MOTO, X_OK) == 0)
      server_ = std::make_unique<testing::ChildServer>(std::vector<std::string>{COOPER_MOTO},
                                                       "Running on http://127.0.0.1:");
  }
  static void TearDownTestSuite() { server_.reset(); }
  void SetUp() override {
    if (!server_) GTEST_SKIP() << "moto is not there: run scripts/moto.sh";
    cloud_.environment = {{"AWS_ENDPOINT_URL", "http://" + server_->host()},
                          {"AWS_EC2_METADATA_DISABLED", "true"},
                          {"HOME", cloud_.home.path()}};
  }
  void with_keys() {
    cloud_.environment["AWS_ACCESS_KEY_ID"] = "AKIAIOSFODNN7EXAMPLE";
    cloud_.environment["AWS_SECRET_ACCESS_KEY"] = "hush";
  }
  registry::CredentialSearch find(const std::string& host) const {
    cloud::CloudContext context = cloud_.context();
    context.http = net::HttpClient::create({});
    return EcrCredentials(context).find(host, "app", {});
  }
  static inline std::unique_ptr<testing::ChildServer> server_;
  cloud::TestCloud cloud_;
};

TEST_F(AccessMoto, GivesATokenOfEcr) {
  with_keys();
  const registry::CredentialSearch search = find("123456789012.dkr.ecr.eu-west-1.amazonaws.com");
  ASSERT_TRUE(search.found) << (search.tried.empty() ? "" : search.tried[0]);
  EXPECT_EQ(search.found->username, "AWS");
  EXPECT_EQ(search.found->password, "123456789012-auth-token");
  // Its tokens end in 2015.
  EXPECT_EQ(search.found->renew_at, *cloud_.now + std::chrono::hours(6));
}

TEST_F(AccessMoto, TakesAWebIdentityFirst) {
  cloud_.environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = cloud_.file("token", "a.ci.jwt");
  cloud_.environment["AWS_ROLE_ARN"] = "arn:aws:iam::123456789012:role/ci";
  cloud_.environment["AWS_ROLE_SESSION_NAME"] = "job 7/build";
  const registry::CredentialSearch search = find("123456789012.dkr.ecr.us-east-1.amazonaws.com");
  ASSERT_TRUE(search.found) << (search.tried.empty() ? "" : search.tried[0]);
  EXPECT_EQ(search.found->username, "AWS");
  EXPECT_NE(search.found->source.find("arn:aws:iam::123456789012:role/ci"), std::string::npos);
}

}  // namespace
}  // namespace cooper::access
