#include "cloud/azure_shared_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "cloud/hmac.h"
#include "support/error_of.h"

namespace cooper::cloud {

// "Authorize with Shared Key", the examples of version 2015-02-21.
TEST(CloudAzureSharedKey, SignsWhatTheDocumentationSigns) {
  EXPECT_EQ(
      azure_string_to_sign(
          "GET",
          "https://myaccount.blob.core.windows.net/mycontainer?restype=container&comp=metadata&timeout=20",
          {{"x-ms-version", "2015-02-21"}, {"x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT"}}, 0, "myaccount"),
      "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n"
      "/myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20");
  EXPECT_EQ(azure_string_to_sign("PUT", "https://myaccount.blob.core.windows.net/mycontainer/a%20b",
                                 {{"Content-Type", "text/plain; charset=UTF-8"},
                                  {"If-None-Match", "*"},
                                  {"x-ms-date", "Sun, 20 Sep 2009 20:36:40 GMT"},
                                  {"x-ms-blob-type", "BlockBlob"}},
                                 11, "myaccount"),
            "PUT\n\n\n11\n\ntext/plain; charset=UTF-8\n\n\n\n*\n\n\nx-ms-blob-type:BlockBlob\n"
            "x-ms-date:Sun, 20 Sep 2009 20:36:40 GMT\n/myaccount/mycontainer/a%20b");
}

TEST(CloudAzureSharedKey, DecodesAndSortsTheQuery) {
  std::string text = azure_string_to_sign(
      "GET", "http://127.0.0.1:10000/acct?prefix=a%2Fb%20c&Comp=list&x=2&x=1&empty=", {}, 0, "acct");
  EXPECT_THAT(text, ::testing::EndsWith("/acct/acct\ncomp:list\nempty:\nprefix:a/b c\nx:1,2"));
  EXPECT_THAT(azure_string_to_sign("GET", "https://acct.blob.core.windows.net", {}, 0, "acct"),
              ::testing::EndsWith("\n/acct/"));
}

// RFC 4231, test case 2.
TEST(CloudAzureSharedKey, IsHmacWithSha256) {
  EXPECT_EQ(hmac_sha256("Jefe", "what do ya want for nothing?").substr(0, 4), "\x5b\xdc\xc1\x46");
}

TEST(CloudAzureSharedKey, KeepsABadKeyToItself) {
  base::Error error = support::error_of(
      [] { sign_azure_request("GET", "https://acct.blob.core.windows.net/c", {}, 0, "acct", "no!key"); });
  EXPECT_EQ(error.message(), "the key of the storage account 'acct' is not base64");
}

}  // namespace cooper::cloud
