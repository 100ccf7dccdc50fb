#include <array>
#include <filesystem>
#include <fstream>
#include <future>
#include <gtest/gtest.h>
#include <set>
#include <unistd.h>

#include "net/http.h"
#include "support/nginx.h"

namespace cooper::net {

namespace {

using testing::Nginx;

// nginx over TLS, which answers each request with its protocol and the number of its connection.
class NetHttp2 : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string reason = Nginx::unavailable(); !reason.empty()) GTEST_SKIP() << reason;
    server_ = std::make_unique<Nginx>();
  }

  Request request(const std::string& path) const {
    Request request;
    request.url = "https://localhost:" + std::to_string(server_->port()) + path;
    request.tls.ca_files = {server_->certificate()};
    return request;
  }
  // How many connections `count` requests at once took, after one that went before.
  std::size_t connections_for(HttpClient& client, std::size_t count, const std::string& path) const {
    std::vector<std::future<std::string>> answers;
    std::set<std::string> connections;
    for (std::size_t i = 0; i < count; ++i) {
      answers.push_back(std::async(std::launch::async, [&] {
        const Response response = client.send(request(path), {});
        EXPECT_EQ(response.status, 200);
        return *response.header("x-connection");
      }));
    }
    for (auto& answer : answers) connections.insert(answer.get());
    return connections.size();
  }

  std::unique_ptr<Nginx> server_;
};

}  // namespace

TEST_F(NetHttp2, IsUsedWhereTlsOffersIt) {
  const auto client = HttpClient::create({});
  const Response response = client->send(request("/small"), {});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(*response.header("x-protocol"), "HTTP/2.0");
}

TEST_F(NetHttp2, RequestsShareAConnectionOnceThereIsOne) {
  const auto client = HttpClient::create({});
  client->send(request("/small"), {});
  EXPECT_EQ(connections_for(*client, 16, "/small"), 1U);
}

TEST_F(NetHttp2, ManyStreamsSpreadOverConnections) {
  ClientOptions options;
  options.streams_per_connection = 4;
  const auto client = HttpClient::create(options);
  client->send(request("/small"), {});
  std::vector<std::unique_ptr<ResponseStream>> held;
  std::set<std::string> connections;
  for (int i = 0; i < 10; ++i) {
    held.push_back(client->open(request("/large"), {}));  // unread, so that all are open at once
    connections.insert(*held.back()->response().header("x-connection"));
  }
  EXPECT_GE(connections.size(), 2U);
  EXPECT_LE(connections.size(), 8U);
}

TEST_F(NetHttp2, BodiesComeWholeInParallel) {
  const auto client = HttpClient::create({});
  std::vector<std::future<std::size_t>> sizes;
  for (int i = 0; i < 8; ++i)
    sizes.push_back(
        std::async(std::launch::async, [&] { return client->send(request("/large"), {}).body.size(); }));
  for (auto& size : sizes) EXPECT_EQ(size.get(), Nginx::kLargeSize);
}

TEST_F(NetHttp2, AnAbandonedBodyLeavesTheConnectionUsable) {
  const auto client = HttpClient::create({});
  const std::string connection = *client->send(request("/small"), {}).header("x-connection");
  client->open(request("/large"), {});
  EXPECT_EQ(*client->send(request("/small"), {}).header("x-connection"), connection);
}

}  // namespace cooper::net
