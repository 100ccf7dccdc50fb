#include "cloud/refusal.h"

#include <gtest/gtest.h>

namespace cooper::cloud {

namespace {

std::string text(int status, const std::string& body, net::Headers headers = {}) {
  net::Response response;
  response.status = status;
  response.body = body;
  response.headers = std::move(headers);
  return refusal_text(response);
}

}  // namespace

TEST(CloudRefusal, ReadsEveryServicesForm) {
  EXPECT_EQ(text(403, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"),
            "403 AccessDenied: Access Denied");
  EXPECT_EQ(text(400,
                 "<ErrorResponse><Error><Code>InvalidIdentityToken</Code><Message>bad</Message></Error>"
                 "<RequestId>1</RequestId></ErrorResponse>"),
            "400 InvalidIdentityToken: bad");
  EXPECT_EQ(
      text(404, R"({"error":{"code":404,"message":"No such object","errors":[{"reason":"notFound"}]}})"),
      "404 notFound: No such object");
  EXPECT_EQ(text(403, R"({"error":{"code":403,"status":"PERMISSION_DENIED","message":"denied"}})"),
            "403 PERMISSION_DENIED: denied");
  EXPECT_EQ(text(401, R"({"error":"invalid_client","error_description":"AADSTS1: no\r\nTrace ID: 1"})"),
            "401 invalid_client: AADSTS1: no");
  EXPECT_EQ(text(400, R"({"__type":"Throttled","message":"slow"})"), "400 Throttled: slow");
  EXPECT_EQ(text(500, "it broke", {{"content-type", "text/plain"}}), "500: it broke");
  EXPECT_EQ(text(404, "", {{"x-ms-error-code", "BlobNotFound"}}), "404 BlobNotFound");
  EXPECT_EQ(text(502, "<html>x</html>"), "502");
}

TEST(CloudRefusal, LeavesOutWhatWasSigned) {
  EXPECT_EQ(text(403,
                 "<Error><Code>SignatureDoesNotMatch</Code><Message>no\x1b[1m</Message>"
                 "<StringToSign>secret</StringToSign></Error>"),
            "403")
      << "a control character is no XML";
  EXPECT_EQ(text(403,
                 "<Error><Code>SignatureDoesNotMatch</Code><Message>no</Message>"
                 "<StringToSign>secret</StringToSign></Error>"),
            "403 SignatureDoesNotMatch: no");
}

}  // namespace cooper::cloud
