#include "cloud/azure_credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixtures.h"
#include "support/error_of.h"

namespace cooper::cloud {

namespace {

using support::error_of;
using testing::answer;
using ::testing::HasSubstr;
using testing::header_of;
using ::testing::Not;

const std::string kLogin = "POST https://login.microsoftonline.com/tenant/oauth2/v2.0/token";
const std::string kMetadata =
    "GET http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01"
    "&resource=https%3A%2F%2Fstorage.azure.com%2F";

struct Azure : TestCloud {
  AccessToken find() const { return AzureIdentity(context(), "https://storage.azure.com").token({}); }
  void with_client() {
    environment["AZURE_TENANT_ID"] = "tenant";
    environment["AZURE_CLIENT_ID"] = "client";
  }
};

}  // namespace

TEST(CloudAzureCredentials, UsesAClientsSecret) {
  Azure azure;
  azure.with_client();
  azure.environment["AZURE_CLIENT_SECRET"] = "hu&sh";
  azure.http->on(kLogin, answer(200, R"({"access_token":"eyJ","expires_in":3599})"));
  AccessToken token = azure.find();
  EXPECT_EQ(token.value, "eyJ");
  EXPECT_EQ(token.expires, parse_timestamp("2024-01-01T00:59:59Z"));
  EXPECT_EQ(azure.http->requests().at(0).body,
            "grant_type=client_credentials&client_id=client&scope=https%3A%2F%2Fstorage.azure.com%2F.default"
            "&client_secret=hu%26sh");
}

TEST(CloudAzureCredentials, ExchangesAFederatedToken) {
  Azure azure;
  azure.with_client();
  azure.environment["AZURE_AUTHORITY_HOST"] = "https://login.chinacloudapi.cn/";
  azure.environment["AZURE_FEDERATED_TOKEN_FILE"] = azure.file("token", "a.b.c\n");
  azure.http->on("POST https://login.chinacloudapi.cn/tenant/oauth2/v2.0/token",
                 answer(200, R"({"access_token":"eyJ","expires_in":3599})"));
  EXPECT_EQ(azure.find().value, "eyJ");
  EXPECT_THAT(azure.http->requests().at(0).body, HasSubstr("jwt-bearer&client_assertion=a.b.c"));
}

TEST(CloudAzureCredentials, AsksForTheMachinesIdentity) {
  Azure azure;
  azure.http->on(kMetadata,
                 answer(200, R"({"access_token":"machine","expires_in":"86400","token_type":"Bearer"})"));
  AccessToken token = azure.find();
  EXPECT_EQ(token.value, "machine");
  EXPECT_EQ(token.expires, parse_timestamp("2024-01-02T00:00:00Z"));
  EXPECT_EQ(header_of(azure.http->requests().at(0), "Metadata"), "true");
  azure.environment["AZURE_CLIENT_ID"] = "assigned";
  azure.http->on(kMetadata + "&client_id=assigned",
                 answer(200, R"({"access_token":"other","expires_in":"60"})"));
  EXPECT_EQ(azure.find().value, "other");
}

TEST(CloudAzureCredentials, ARefusalEndsTheSearchWithoutTheSecret) {
  Azure azure;
  azure.with_client();
  azure.environment["AZURE_CLIENT_SECRET"] = "hunter2";
  azure.http->on(kMetadata + "&client_id=client",
                 answer(200, R"({"access_token":"machine","expires_in":"60"})"));
  azure.http->on(
      kLogin, answer(401, R"({"error":"invalid_client","error_description":"AADSTS7000215: Invalid client )"
                          R"(secret provided.\r\nTrace ID: 1"})"));
  base::Error error = error_of([&] { azure.find(); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kAuth);
  EXPECT_THAT(error.message(),
              HasSubstr("401 invalid_client: AADSTS7000215: Invalid client secret provided."));
  EXPECT_THAT(error.render(), Not(HasSubstr("hunter2")));
}

TEST(CloudAzureCredentials, SaysWhereItLooked) {
  Azure azure;
  azure.http->on(kMetadata,
                 answer(400, R"({"error":"invalid_request","error_description":"Identity not found"})"));
  base::Error error = error_of([&] { azure.find(); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kAuth);
  EXPECT_THAT(error.message(), HasSubstr("AZURE_TENANT_ID and AZURE_CLIENT_ID are not set"));
  EXPECT_THAT(error.message(),
              HasSubstr("managed identity (it answered 400 invalid_request: Identity not found)"));
  azure.with_client();
  EXPECT_THAT(error_of([&] { azure.find(); }).message(), HasSubstr("neither AZURE_CLIENT_SECRET nor"));
  azure.environment["AZURE_CLIENT_CERTIFICATE_PATH"] = "/cert.pem";
  EXPECT_EQ(error_of([&] { azure.find(); }).kind(), base::ErrorKind::kUnsupported);
}

}  // namespace cooper::cloud
