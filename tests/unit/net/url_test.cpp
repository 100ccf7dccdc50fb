#include "net/url.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "net/redact.h"

namespace cooper::net {

TEST(NetUrl, OriginHasTheDefaultPort) {
  EXPECT_EQ(origin_of("https://Example.com/x"), (Origin{"https", "example.com", 443}));
  EXPECT_EQ(origin_of("http://example.com:8080/x"), (Origin{"http", "example.com", 8080}));
  EXPECT_FALSE(origin_of("https://a.example") == origin_of("http://a.example"));
}

TEST(NetUrl, KnowsLoopback) {
  EXPECT_TRUE(origin_of("http://127.0.0.1:5000").is_loopback());
  EXPECT_TRUE(origin_of("http://localhost").is_loopback());
  EXPECT_TRUE(origin_of("http://[::1]:5000").is_loopback());
  EXPECT_FALSE(origin_of("http://127.example.com").is_loopback());
  EXPECT_FALSE(origin_of("http://10.0.0.1").is_loopback());
}

TEST(NetUrl, KnowsLinkLocal) {
  EXPECT_TRUE(origin_of("http://169.254.169.254/latest").is_link_local());
  EXPECT_TRUE(origin_of("http://[fd00:ec2::254]").is_link_local());
  EXPECT_TRUE(origin_of("http://metadata.google.internal").is_link_local());
  EXPECT_FALSE(origin_of("http://169.254.example.com").is_link_local());
  EXPECT_FALSE(origin_of("http://127.0.0.1").is_link_local());
}

TEST(NetUrl, RefusesOtherSchemes) {
  EXPECT_THROW(origin_of("file:///etc/passwd"), base::Error);
  EXPECT_THROW(origin_of("not a url"), base::Error);
  EXPECT_THROW(resolve_url("http://a/", "file:///etc/passwd"), base::Error);
  EXPECT_THROW(resolve_url("http://a/", "gopher://b/"), base::Error);
}

TEST(NetUrl, ResolvesLocations) {
  EXPECT_EQ(resolve_url("http://a:5000/v2/x", "/v2/y?s=1"), "http://a:5000/v2/y?s=1");
  EXPECT_EQ(resolve_url("http://a:5000/v2/x/y", "z"), "http://a:5000/v2/x/z");
  EXPECT_EQ(resolve_url("http://a/v2/x", "https://b/z"), "https://b/z");
  EXPECT_EQ(resolve_url("https://a/v2/x", "//b/z"), "https://b/z");
}

TEST(NetUrl, AddsToTheQuery) {
  EXPECT_EQ(with_query("http://a/x", "digest", "sha256:ab"), "http://a/x?digest=sha256%3Aab");
  EXPECT_EQ(with_query("http://a/x?s=1", "d", "a b&c"), "http://a/x?s=1&d=a%20b%26c");
}

TEST(NetRedact, TakesUserInfoAndSecretsOut) {
  EXPECT_EQ(redact_url("https://user:secret@host/p?token=x"), "https://host/p?token=***");
  EXPECT_EQ(redact_url("https://host/p?X-Amz-Signature=abc&list=1&sig=q#f"),
            "https://host/p?X-Amz-Signature=***&list=1&sig=***#f");
  // Whoever knows the address of a resumable upload may write to it.
  EXPECT_EQ(redact_url("https://host/b?upload_id=abc"), "https://host/b?upload_id=***");
  EXPECT_EQ(redact_url("https://host/a@b"), "https://host/a@b");
  EXPECT_EQ(redact_url("https://u:p@ss@host:1/"), "https://host:1/");
  EXPECT_EQ(redact_url("user:pw@host/x"), "host/x");
  EXPECT_EQ(redact_url("http://host"), "http://host");
}

}  // namespace cooper::net
