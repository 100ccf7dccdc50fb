#include "access/azure_registry.h"

#include <gmock/gmock.h>

#include "unit/cloud/fixtures.h"

namespace cooper::access {
namespace {

using ::testing::AllOf;
using testing::answer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::header_of;
using ::testing::Not;

const std::string kEntra = "POST https://login.microsoftonline.com/tenant-1/oauth2/v2.0/token";
const std::string kExchange = "POST https://team.azurecr.io/oauth2/exchange";

struct Azure : cloud::TestCloud {
  Azure() {
    environment = {
        {"AZURE_TENANT_ID", "tenant-1"}, {"AZURE_CLIENT_ID", "client-1"}, {"AZURE_CLIENT_SECRET", "hush"}};
    http->on(kEntra, answer(200, R"({"access_token":"entra+token/=","expires_in":3600})"));
    http->on(kExchange, answer(200, R"({"refresh_token":"refresh-1"})"));
  }
  AzureRegistryCredentials& store() {
    if (!store_) store_ = std::make_unique<AzureRegistryCredentials>(context());
    return *store_;
  }
  registry::CredentialSearch find(const std::string& host = "team.azurecr.io") {
    return store().find(host, "app", {});
  }
  std::unique_ptr<AzureRegistryCredentials> store_;
};

TEST(AccessAzureRegistry, ExchangesATokenOfEntra) {
  Azure azure;
  const auto found = azure.find().found;
  ASSERT_TRUE(found);
  EXPECT_EQ(found->identity_token, "refresh-1");
  EXPECT_EQ(found->username, "");
  EXPECT_EQ(found->password, "");
  EXPECT_EQ(found->renew_at, *azure.now + std::chrono::minutes(90));
  const net::Request entra = azure.http->requests().at(0);
  EXPECT_EQ(entra.body,
            "grant_type=client_credentials&client_id=client-1"
            "&scope=https%3A%2F%2Fcontainerregistry.azure.net%2F.default&client_secret=hush");
  const net::Request exchange = azure.http->requests().at(1);
  EXPECT_EQ(header_of(exchange, "Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(header_of(exchange, "Authorization"), "");
  EXPECT_EQ(
      exchange.body,
      "grant_type=access_token&service=team.azurecr.io&tenant=tenant-1&access_token=entra%2Btoken%2F%3D");
}

TEST(AccessAzureRegistry, AMachinesIdentityNeedsNoTenant) {
  Azure azure;
  azure.environment.clear();
  azure.http->on(
      "GET http://169.254.169.254/metadata/identity/oauth2/"
      "token?api-version=2018-02-01&resource=https%3A%2F%2Fcontainerregistry.azure.net%2F",
      answer(200, R"({"access_token":"managed","expires_in":"3600"})"));
  EXPECT_TRUE(azure.find().found);
  EXPECT_EQ(header_of(azure.http->requests().at(0), "Metadata"), "true");
  EXPECT_EQ(azure.http->requests().at(1).body,
            "grant_type=access_token&service=team.azurecr.io&access_token=managed");
}

TEST(AccessAzureRegistry, EachOfAzuresCloudsHasItsOwnAuthority) {
  Azure azure;
  azure.http->on("POST https://login.chinacloudapi.cn/tenant-1/oauth2/v2.0/token",
                 answer(200, R"({"access_token":"cn","expires_in":3600})"));
  azure.http->on("POST https://team.azurecr.cn/oauth2/exchange", answer(200, R"({"refresh_token":"cn"})"));
  azure.http->on("POST https://login.microsoftonline.us/tenant-1/oauth2/v2.0/token",
                 answer(200, R"({"access_token":"us","expires_in":3600})"));
  azure.http->on("POST https://team.azurecr.us/oauth2/exchange", answer(200, R"({"refresh_token":"us"})"));
  EXPECT_EQ(azure.find("team.azurecr.cn").found->identity_token, "cn");
  EXPECT_EQ(azure.find("team.azurecr.us").found->identity_token, "us");
  EXPECT_EQ(azure.find("team.azurecr.io").found->identity_token, "refresh-1");
}

TEST(AccessAzureRegistry, ARefusedTokenIsExchangedAnew) {
  Azure azure;
  azure.find();
  azure.find();
  EXPECT_EQ(azure.http->count("exchange"), 1U);
  azure.http->on(kExchange, answer(200, R"({"refresh_token":"refresh-2"})"));
  azure.store().refused("team.azurecr.io");
  EXPECT_EQ(azure.find().found->identity_token, "refresh-2");
}

TEST(AccessAzureRegistry, SaysWhyThereIsNone) {
  Azure azure;
  EXPECT_TRUE(azure.find("r.example").tried.empty());
  azure.http->on(kExchange, answer(401, R"({"errors":[{"code":"UNAUTHORIZED"}]})"));
  EXPECT_THAT(azure.find().tried, ElementsAre(AllOf(HasSubstr("team.azurecr.io"), HasSubstr("401"),
                                                    Not(HasSubstr("hush")), Not(HasSubstr("entra+token")))));
  for (const char* body : {"", "[]", "{}", R"({"refresh_token":7})", R"({"refresh_token":""})"}) {
    azure.store_.reset();
    azure.http->on(kExchange, answer(200, body));
    EXPECT_THAT(azure.find().tried, ElementsAre(HasSubstr("gave no refresh token"))) << body;
  }
}

}  // namespace
}  // namespace cooper::access
