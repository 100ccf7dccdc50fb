#include "cloud/google_credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/base64.h"
#include "base/text.h"
#include "fixtures.h"
#include "support/error_of.h"

namespace cooper::cloud {

namespace {

using nlohmann::json;
using support::error_of;
using testing::answer;
using ::testing::HasSubstr;
using testing::header_of;
using ::testing::Not;

const std::string kTokenUrl = "https://oauth2.googleapis.com/token";
const std::string kMetadata =
    "GET http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token";

// A key that is made once: making one takes a while.
EVP_PKEY* rsa_key() {
  static EVP_PKEY* const kKey = EVP_RSA_gen(2048);
  return kKey;
}

std::string pem_of(EVP_PKEY* key) {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string pem(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return pem;
}

std::string from_base64url(std::string text) {
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  return base::base64_decode(text).value_or("");
}

bool verifies(const std::string& token) {
  const std::string signature = from_base64url(token.substr(token.rfind('.') + 1));
  const std::string text = token.substr(0, token.rfind('.'));
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, rsa_key());
  const int result =
      EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                       reinterpret_cast<const unsigned char*>(text.data()), text.size());
  EVP_MD_CTX_free(context);
  return result == 1;
}

struct Google : TestCloud {
  Google() { environment["HOME"] = home.path(); }
  AccessToken find(const std::string& path = "") const { return GoogleIdentity(context(), path).token({}); }
  // Writes the file and points the environment at it.
  void credentials(const json& content) {
    environment["GOOGLE_APPLICATION_CREDENTIALS"] = file("key.json", content.dump());
  }
  json federation() const {
    return {
        {"type", "external_account"},
        {"audience", "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/ci"},
        {"subject_token_type", "urn:ietf:params:oauth:token-type:jwt"},
        {"token_url", "https://sts.googleapis.com/v1/token"},
        {"credential_source", {{"file", file("jwt", "a.b.c\n")}}}};
  }
};

net::Response token_answer(const std::string& token) {
  return answer(200, R"({"access_token":")" + token + R"(","expires_in":3599,"token_type":"Bearer"})",
                {{"metadata-flavor", "Google"}});
}

}  // namespace

TEST(CloudGoogleCredentials, SignsForAServiceAccount) {
  Google google;
  google.credentials({{"type", "service_account"},
                      {"client_email", "ci@p.iam.gserviceaccount.com"},
                      {"private_key_id", "k1"},
                      {"private_key", pem_of(rsa_key())},
                      {"token_uri", kTokenUrl}});
  google.http->on("POST " + kTokenUrl, token_answer("ya29"));
  AccessToken token = google.find();
  EXPECT_EQ(token.value, "ya29");
  EXPECT_EQ(token.expires, parse_timestamp("2024-01-01T00:59:59Z"));
  const std::string body = google.http->requests().at(0).body;
  EXPECT_THAT(body, HasSubstr("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion="));
  const std::string assertion = body.substr(body.find("assertion=") + 10);
  EXPECT_TRUE(verifies(assertion));
  const std::vector<std::string> parts = base::split(assertion, '.');
  EXPECT_EQ(json::parse(from_base64url(parts.at(0))).at("kid"), "k1");
  const json claims = json::parse(from_base64url(parts.at(1)));
  EXPECT_EQ(claims.at("iss"), "ci@p.iam.gserviceaccount.com");
  EXPECT_EQ(claims.at("aud"), kTokenUrl);
  EXPECT_EQ(claims.at("exp").get<int>() - claims.at("iat").get<int>(), 3600);
}

TEST(CloudGoogleCredentials, RefreshesAUsersToken) {
  Google google;
  google.credentials({{"type", "authorized_user"},
                      {"client_id", "id"},
                      {"client_secret", "hush"},
                      {"refresh_token", "1//r"}});
  google.http->on("POST " + kTokenUrl, token_answer("ya29"));
  EXPECT_EQ(google.find().value, "ya29");
  EXPECT_EQ(google.http->requests().at(0).body,
            "grant_type=refresh_token&client_id=id&client_secret=hush&refresh_token=1%2F%2Fr");
}

TEST(CloudGoogleCredentials, ExchangesAWorkloadIdentity) {
  Google google;
  google.credentials(google.federation());
  google.http->on("POST https://sts.googleapis.com/v1/token", token_answer("federated"));
  EXPECT_EQ(google.find().value, "federated");
  const net::Request asked = google.http->requests().at(0);
  EXPECT_EQ(header_of(asked, "Authorization"), "");
  EXPECT_THAT(asked.body, HasSubstr("&audience=%2F%2Fiam.googleapis.com%2Fprojects%2F1"));
  EXPECT_THAT(asked.body, HasSubstr("&subject_token=a.b.c"));
}

TEST(CloudGoogleCredentials, ImpersonatesAServiceAccountBySubjectFromAUrl) {
  Google google;
  json file = google.federation();
  file["credential_source"] = {{"url", "https://ci.example/token"},
                               {"headers", {{"Authorization", "bearer job"}}},
                               {"format", {{"type", "json"}, {"subject_token_field_name", "value"}}}};
  const std::string account =
      "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/ci:generateAccessToken";
  file["service_account_impersonation_url"] = account;
  google.credentials(file);
  google.http->on("GET https://ci.example/token", [](const net::Request& request) {
    return header_of(request, "Authorization") == "bearer job" ? answer(200, R"({"value":"x.y.z"})")
                                                               : answer(401, "");
  });
  google.http->on("POST https://sts.googleapis.com/v1/token", token_answer("federated"));
  google.http->on("POST " + account,
                  answer(200, R"({"accessToken":"own","expireTime":"2024-01-01T00:30:00Z"})"));
  AccessToken token = google.find();
  EXPECT_EQ(token.value, "own");
  EXPECT_EQ(token.expires, parse_timestamp("2024-01-01T00:30:00Z"));
  EXPECT_THAT(google.http->requests().at(1).body, HasSubstr("&subject_token=x.y.z"));
  EXPECT_EQ(header_of(google.http->requests().at(2), "Authorization"), "Bearer federated");
}

TEST(CloudGoogleCredentials, AsksTheMetadataService) {
  Google google;
  google.http->on(kMetadata, token_answer("machine"));
  EXPECT_EQ(google.find().value, "machine");
  EXPECT_EQ(header_of(google.http->requests().at(0), "Metadata-Flavor"), "Google");
  google.environment["GCE_METADATA_HOST"] = "127.0.0.1:8080";
  google.http->on("GET http://127.0.0.1:8080/computeMetadata/v1/instance/service-accounts/default/token",
                  answer(200, R"({"access_token":"captive portal"})"));
  EXPECT_THAT(error_of([&] { google.find(); }).message(), HasSubstr("what answers there is not Google's"));
}

TEST(CloudGoogleCredentials, AFileThatFailsEndsTheSearch) {
  Google google;
  google.http->on(kMetadata, token_answer("machine"));
  google.credentials({{"type", "authorized_user"},
                      {"client_id", "id"},
                      {"client_secret", "hush"},
                      {"refresh_token", "1//r"}});
  google.http->on(
      "POST " + kTokenUrl,
      answer(400, R"({"error":"invalid_grant","error_description":"Token has been expired or revoked."})"));
  base::Error error = error_of([&] { google.find(); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kAuth);
  EXPECT_THAT(error.message(), HasSubstr("400 invalid_grant: Token has been expired or revoked."));
  EXPECT_THAT(error.render(), Not(HasSubstr("hush")));
  EXPECT_EQ(google.http->count("metadata"), 0U);
}

TEST(CloudGoogleCredentials, NamesFilesThatCannotBeUsed) {
  Google google;
  auto failure = [&](const json& content) {
    google.credentials(content);
    return error_of([&] { google.find(); });
  };
  EXPECT_THAT(failure(json::array()).message(), HasSubstr("key.json' is no JSON object"));
  EXPECT_THAT(failure({{"type", "gdch_service_account"}}).message(), HasSubstr("'gdch_service_account'"));
  EXPECT_EQ(failure({{"type", "gdch_service_account"}}).kind(), base::ErrorKind::kUnsupported);
  EXPECT_THAT(failure({{"type", "authorized_user"}}).message(), HasSubstr("has no client_id"));
  json key = {{"type", "service_account"}, {"client_email", "ci@p"}, {"private_key", "no key"}};
  EXPECT_THAT(failure(key).summary(), HasSubstr("key.json"));
  EXPECT_THAT(failure(key).message(), HasSubstr("no RSA key"));
  key["private_key"] = pem_of(rsa_key());
  key["token_uri"] = "http://evil.example/token";
  EXPECT_THAT(failure(key).message(), HasSubstr("which is not https"));
  json aws = google.federation();
  aws["credential_source"] = {{"environment_id", "aws1"}};
  EXPECT_THAT(failure(aws).message(), HasSubstr("a credential_source of AWS"));
  EXPECT_TRUE(google.http->requests().empty());
}

TEST(CloudGoogleCredentials, SaysWhereItLooked) {
  Google google;
  base::Error error = error_of([&] { google.find(); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kAuth);
  for (const char* place :
       {"GOOGLE_APPLICATION_CREDENTIALS is not set", "application_default_credentials.json' (no such",
        "metadata service 'metadata.google.internal' (nobody listens at"}) {
    EXPECT_THAT(error.message(), HasSubstr(place));
  }
}

}  // namespace cooper::cloud
