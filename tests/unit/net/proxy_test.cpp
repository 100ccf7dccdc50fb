#include "net/proxy.h"

#include <gtest/gtest.h>
#include <mutex>

#include "base/error.h"
#include "support/error_of.h"
#include "support/fake_server.h"

namespace cooper::net {

namespace {

using support::error_of;
using testing::FakeReply;
using testing::FakeRequest;
using testing::FakeServer;

ClientOptions through(const std::string& proxy) {
  ClientOptions options;
  options.http_proxy = proxy;
  options.https_proxy = proxy;
  return options;
}

Response get(const std::string& url, const ClientOptions& options) {
  Request request;
  request.url = url;
  return HttpClient::create(options)->send(request, {});
}

}  // namespace

TEST(NetProxy, IsChosenByScheme) {
  ClientOptions options;
  options.http_proxy = "http://plain.example:1";
  options.https_proxy = "http://secure.example:2";
  EXPECT_EQ(proxy_for("http://r.example/", options), "http://plain.example:1");
  EXPECT_EQ(proxy_for("https://r.example/", options), "http://secure.example:2");
  EXPECT_EQ(proxy_for("https://127.0.0.1:5000/", options), "");
  EXPECT_EQ(proxy_for("http://169.254.169.254/", options), "");
}

TEST(NetProxy, WhatCannotBeOneIsRefusedWithoutItsPassword) {
  for (const char* proxy : {"http://ci:secret@bad host:1", "http://ci:secret@:99999999",
                            "carrier://ci:secret@p.example", "http://ci:secret@"}) {
    const base::Error error = error_of([&] { check_proxies(through(proxy)); });
    EXPECT_EQ(error.kind(), base::ErrorKind::kUsage) << proxy;
    EXPECT_EQ(error.render().find("secret"), std::string::npos) << error.render();
  }
  for (const char* proxy :
       {"", "p.example:3128", "http://ci:p%40ss@p.example:3128", "socks5h://p.example", "[::1]:3128"})
    EXPECT_NO_THROW(check_proxies(through(proxy))) << proxy;
}

// Plain requests are sent to a proxy with their whole URL, so a server can play one.
TEST(NetProxy, IsSpokenToUnlessNoProxySaysOtherwise) {
  FakeServer proxy([](const FakeRequest&) { return FakeReply{}; });
  ClientOptions options = through("http://ci:secret@" + proxy.host());
  EXPECT_EQ(get("http://r.example/x", options).status, 200);
  ASSERT_EQ(proxy.requests().size(), 1U);
  EXPECT_EQ(proxy.requests()[0].target, "http://r.example/x");
  EXPECT_TRUE(proxy.requests()[0].has_header("proxy-authorization"));
  // TEST-NET-1 (RFC 5737): nobody is there, and the 192.0.2.0/24 form is libcurl's to understand.
  FakeServer direct([](const FakeRequest&) { return FakeReply{}; });
  const std::string port = std::to_string(direct.port());
  for (const char* bypass : {"r.localhost", ".localhost", "localhost", "*", "other.example,.localhost"}) {
    options.no_proxy = bypass;
    EXPECT_EQ(get("http://r.localhost:" + port + "/", options).status, 200) << bypass;
  }
  EXPECT_EQ(proxy.requests().size(), 1U);
  options.no_proxy = "192.0.2.0/24";
  EXPECT_EQ(get("http://198.51.100.1/", options).status, 200);
  EXPECT_EQ(proxy.requests().size(), 2U);
}

TEST(NetProxy, NoProxyKnowsRangesOfAddresses) {
  FakeServer proxy([](const FakeRequest&) { return FakeReply{}; });
  ClientOptions options = through("http://" + proxy.host());
  options.no_proxy = "192.0.2.0/24";
  Request request;
  request.url = "http://192.0.2.1:9/";
  request.connect_timeout = std::chrono::milliseconds(200);  // nobody is there: RFC 5737
  EXPECT_THROW(HttpClient::create(options)->send(request, {}), base::Error);
  EXPECT_TRUE(proxy.requests().empty());
}

TEST(NetProxy, ErrorsHaveNoPassword) {
  FakeServer proxy([](const FakeRequest&) {
    return FakeReply{407, {}, "", FakeReply::Ending::kComplete, 0};
  });
  const base::Error error =
      error_of([&] { get("https://r.example/", through("http://ci:secret@" + proxy.host())); });
  EXPECT_EQ(error.render().find("secret"), std::string::npos) << error.render();
  EXPECT_FALSE(error.is_retryable()) << error.render();
}

}  // namespace cooper::net
