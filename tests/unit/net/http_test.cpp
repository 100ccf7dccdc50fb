#include "net/http.h"

#include <gtest/gtest.h>
#include <thread>

#include "base/error.h"
#include "support/fake_server.h"

namespace cooper::net {

namespace {

using testing::FakeReply;
using testing::FakeRequest;
using testing::FakeServer;
using Ending = testing::FakeReply::Ending;

// Says back what it was sent.
FakeReply echo(const FakeRequest& request) {
  FakeReply reply;
  reply.body = request.body;
  return reply.with("X-Method", request.method);
}

// `size` bytes in odd pieces, counting how many were asked for.
class Counted final : public base::ByteSource {
 public:
  Counted(std::size_t size, std::atomic<std::size_t>& handed_out) : left_(size), handed_out_(handed_out) {}
  std::size_t read(base::MutableByteSpan buffer) override {
    std::size_t length = std::min({buffer.size(), left_, std::size_t{40'001}});
    std::fill_n(buffer.begin(), length, std::byte{'u'});
    left_ -= length;
    handed_out_ += length;
    return length;
  }

 private:
  std::size_t left_;
  std::atomic<std::size_t>& handed_out_;
};

class Broken final : public base::ByteSource {
 public:
  std::size_t read(base::MutableByteSpan) override {
    throw base::Error(base::ErrorKind::kIo, "cannot read the body");
  }
};

Request get(std::string url) {
  Request request;
  request.url = std::move(url);
  return request;
}

base::Error failure_of(HttpClient& client, const Request& request, const std::stop_token& stop = {}) {
  try {
    client.send(request, stop);
  } catch (const base::Error& error) {
    return error;
  }
  ADD_FAILURE() << "the request succeeded";
  return base::Error(base::ErrorKind::kInternal, "");
}

}  // namespace

TEST(NetHttp, SendsAndReceives) {
  FakeServer server(echo);
  auto client = HttpClient::create({});
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE"}) {
    Request request = get(server.url("/x?y=1"));
    request.method = method;
    request.body = "hello";
    request.headers = {{"X-Own", "value"}};
    Response response = client->send(request, {});
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "hello");
    ASSERT_NE(response.header("x-method"), nullptr);
    EXPECT_EQ(*response.header("x-method"), method);
  }
  EXPECT_EQ(server.requests()[0].header("x-own"), "value");
  EXPECT_EQ(server.requests()[0].header("user-agent"), "cooper");
  EXPECT_FALSE(server.requests()[0].has_header("expect"));
  EXPECT_EQ(server.connections(), 1U) << "the connection was not kept";
}

TEST(NetHttp, SendsAnEmptyBodyWithItsLength) {
  FakeServer server(echo);
  Request request = get(server.url("/"));
  request.method = "POST";
  HttpClient::create({})->send(request, {});
  EXPECT_EQ(server.requests()[0].header("content-length"), "0");
}

TEST(NetHttp, ErrorStatusIsANormalReturn) {
  FakeServer server([](const FakeRequest&) { return FakeReply{418, {}, "teapot", Ending::kComplete, 0}; });
  Response response = HttpClient::create({})->send(get(server.url("/")), {});
  EXPECT_EQ(response.status, 418);
  EXPECT_EQ(response.body, "teapot");
}

TEST(NetHttp, HeadHasNoBody) {
  FakeServer server([](const FakeRequest&) { return FakeReply{200, {}, "12345", Ending::kComplete, 0}; });
  Request request = get(server.url("/"));
  request.method = "HEAD";
  Response response = HttpClient::create({})->send(request, {});
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(*response.header("content-length"), "5");
}

TEST(NetHttp, StreamsLargeBodiesBothWays) {
  FakeServer server(echo);
  std::atomic<std::size_t> handed_out{0};
  for (bool known : {true, false}) {
    Request request = get(server.url("/"));
    request.method = "PUT";
    request.body_stream = [&] { return std::make_unique<Counted>(7'000'000, handed_out); };
    if (known) request.body_size = 7'000'000;
    auto stream = HttpClient::create({})->open(request, {});
    EXPECT_EQ(base::read_all(*stream, 1 << 30, "echo"), std::string(7'000'000, 'u'));
    EXPECT_EQ(server.requests().back().header("transfer-encoding"), known ? "" : "chunked");
  }
}

TEST(NetHttp, APausedTransferHoldsUpNoOther) {
  FakeServer server([](const FakeRequest&) {
    return FakeReply{200, {}, std::string(64 << 20, 'd'), Ending::kComplete, 0};
  });
  auto client = HttpClient::create({});
  auto slow = client->open(get(server.url("/big")), {});
  // The first is not read and pauses once its buffer is full; the second goes through on the same thread.
  EXPECT_EQ(client->send(get(server.url("/big")), {}, 65 << 20).body.size(), std::size_t{64} << 20);
  EXPECT_EQ(base::read_all(*slow, 65 << 20, "body").size(), std::size_t{64} << 20);
}

TEST(NetHttp, RefusesABodyBeyondTheLimit) {
  FakeServer server([](const FakeRequest&) {
    return FakeReply{200, {}, std::string(1001, 'x'), Ending::kComplete, 0};
  });
  EXPECT_THROW(HttpClient::create({})->send(get(server.url("/")), {}, 1000), base::Error);
}

TEST(NetHttp, AnEarlyRefusalEndsTheUpload) {
  FakeServer server(echo);
  server.early([](const FakeRequest&) { return FakeReply{413, {}, "too large", Ending::kComplete, 0}; });
  std::atomic<std::size_t> handed_out{0};
  Request request = get(server.url("/"));
  request.method = "PUT";
  request.body_stream = [&] { return std::make_unique<Counted>(std::size_t{1} << 30, handed_out); };
  try {
    EXPECT_EQ(HttpClient::create({})->send(request, {}).status, 413);
  } catch (const base::Error& error) {
    // The server closed while bytes were under way; the kernel may have thrown its answer away.
    EXPECT_TRUE(error.is_retryable()) << error.what();
  }
  EXPECT_LT(handed_out, std::size_t{1} << 30);
}

TEST(NetHttp, ABrokenBodyFailsTheRequestWithItsOwnError) {
  FakeServer server(echo);
  Request request = get(server.url("/"));
  request.method = "PUT";
  request.body_stream = [] { return std::make_unique<Broken>(); };
  base::Error error = failure_of(*HttpClient::create({}), request);
  EXPECT_EQ(error.kind(), base::ErrorKind::kIo);
}

TEST(NetHttp, FollowsRedirectsOnlyOfGetAndHead) {
  FakeServer server([](const FakeRequest& request) {
    FakeReply reply;
    if (request.path == "/end") return reply.body = "there", reply;
    reply.status = 307;
    return reply.with("Location", "/end");
  });
  auto client = HttpClient::create({});
  Response response = client->send(get(server.url("/start")), {});
  EXPECT_EQ(response.body, "there");
  EXPECT_EQ(response.effective_url, server.url("/end"));
  Request post = get(server.url("/start"));
  post.method = "POST";
  EXPECT_EQ(client->send(post, {}).status, 307);
  Request stay = get(server.url("/start"));
  stay.follow_redirects = false;
  EXPECT_EQ(client->send(stay, {}).status, 307);
}

TEST(NetHttp, CredentialsStayWithTheirOrigin) {
  FakeServer storage(echo);
  FakeServer server([&](const FakeRequest& request) {
    FakeReply reply;
    if (request.path == "/own") return reply;
    reply.status = 302;
    return reply.with("Location", request.path == "/away" ? storage.url("/blob") : "/own");
  });
  auto client = HttpClient::create({});
  Request request = get(server.url("/away"));
  request.headers = {{"authorization", "Bearer secret"}, {"Cookie", "c=1"}, {"Accept", "x/y"}};
  client->send(request, {});
  EXPECT_FALSE(storage.requests()[0].has_header("authorization"));
  EXPECT_FALSE(storage.requests()[0].has_header("cookie"));
  EXPECT_EQ(storage.requests()[0].header("accept"), "x/y");
  request.url = server.url("/within");
  client->send(request, {});
  EXPECT_EQ(server.requests().back().header("authorization"), "Bearer secret");
}

TEST(NetHttp, AChainThatLeadsBackGetsNoCredentialsAgain) {
  std::string back;
  FakeServer detour([&](const FakeRequest&) {
    return FakeReply{302, {{"Location", back}}, "", Ending::kComplete, 0};
  });
  FakeServer server([&](const FakeRequest& request) {
    FakeReply reply;
    if (request.path == "/end") return reply;
    reply.status = 302;
    return reply.with("Location", detour.url("/"));
  });
  back = server.url("/end");
  Request request = get(server.url("/start"));
  request.headers = {{"Authorization", "Bearer secret"}};
  HttpClient::create({})->send(request, {});
  EXPECT_FALSE(server.requests().back().has_header("authorization"));
}

TEST(NetHttp, GivesUpOnEndlessRedirects) {
  FakeServer server([](const FakeRequest&) {
    return FakeReply{302, {{"Location", "/"}}, "", Ending::kComplete, 0};
  });
  base::Error error = failure_of(*HttpClient::create({}), get(server.url("/")));
  EXPECT_NE(error.message().find("redirects more than"), std::string::npos);
}

TEST(NetHttp, NeverFollowsToAFile) {
  FakeServer server([](const FakeRequest&) {
    return FakeReply{302, {{"Location", "file:///etc/passwd"}}, "", Ending::kComplete, 0};
  });
  EXPECT_EQ(failure_of(*HttpClient::create({}), get(server.url("/"))).kind(), base::ErrorKind::kRegistry);
}

TEST(NetHttp, ATransportFailureIsRetryableAndNamesTheRedactedUrl) {
  int closed_port = 0;
  {
    FakeServer gone(echo);
    closed_port = gone.port();
  }
  Request request = get("http://user:secret@127.0.0.1:" + std::to_string(closed_port) + "/x?token=hidden");
  base::Error error = failure_of(*HttpClient::create({}), request);
  EXPECT_EQ(error.kind(), base::ErrorKind::kRegistry);
  EXPECT_TRUE(error.is_retryable());
  EXPECT_NE(error.message().find("cannot GET 'http://127.0.0.1"), std::string::npos) << error.message();
  EXPECT_EQ(error.message().find("secret"), std::string::npos) << error.message();
  EXPECT_EQ(error.message().find("hidden"), std::string::npos) << error.message();
}

TEST(NetHttp, NoticesTruncationAndReset) {
  for (Ending ending : {Ending::kClose, Ending::kReset}) {
    FakeServer server([&](const FakeRequest&) {
      return FakeReply{200, {}, std::string(5000, 'x'), ending, 1000};
    });
    base::Error error = failure_of(*HttpClient::create({}), get(server.url("/")));
    EXPECT_TRUE(error.is_retryable()) << error.message();
  }
}

TEST(NetHttp, NoticesASilentServer) {
  FakeServer server([](const FakeRequest&) {
    return FakeReply{200, {}, std::string(5000, 'x'), Ending::kStall, 1000};
  });
  Request request = get(server.url("/"));
  request.stall_timeout = std::chrono::milliseconds(100);
  base::Error error = failure_of(*HttpClient::create({}), request);
  EXPECT_TRUE(error.is_retryable());
  EXPECT_NE(error.message().find("no byte came or went"), std::string::npos) << error.message();
}

TEST(NetHttp, ASlowReaderIsNoStall) {
  FakeServer server([](const FakeRequest&) {
    return FakeReply{200, {}, std::string(8 << 20, 'x'), Ending::kComplete, 0};
  });
  auto client = HttpClient::create({});
  Request request = get(server.url("/"));
  request.stall_timeout = std::chrono::seconds(1);
  auto stream = client->open(request, {});
  // Another request takes longer than that before the first is read on.
  Request silent = get(server.url("/"));
  silent.stall_timeout = std::chrono::milliseconds(1300);
  server.before([](const FakeRequest&) { return FakeReply{200, {}, "xxxxx", Ending::kStall, 1}; });
  failure_of(*client, silent);
  EXPECT_EQ(base::read_all(*stream, 9 << 20, "body").size(), std::size_t{8} << 20);
}

TEST(NetHttp, StopEndsAWaitAtOnce) {
  FakeServer server([](const FakeRequest&) { return FakeReply{200, {}, "x", Ending::kStall, 0}; });
  auto client = HttpClient::create({});
  std::stop_source source;
  auto stream = client->open(get(server.url("/")), source.get_token());
  std::jthread stopper([&] { source.request_stop(); });
  std::byte byte;
  try {
    stream->read(base::MutableByteSpan(&byte, 1));
    FAIL() << "it read on";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kCancelled);
  }
}

TEST(NetHttp, AStreamMayBeDroppedHalfRead) {
  FakeServer server([](const FakeRequest&) {
    return FakeReply{200, {}, std::string(8 << 20, 'x'), Ending::kComplete, 0};
  });
  auto client = HttpClient::create({});
  std::unique_ptr<ResponseStream> outlives;
  for (int i = 0; i < 5; ++i) {
    auto stream = client->open(get(server.url("/")), {});
    std::byte bytes[100];
    EXPECT_GT(stream->read(bytes), 0U);
    outlives = std::move(stream);
  }
  client.reset();
  std::byte bytes[100];
  EXPECT_GT(outlives->read(bytes), 0U);
}

TEST(NetHttp, ManyThreadsShareFewConnections) {
  FakeServer server(echo);
  ClientOptions options;
  options.connections_per_host = 3;
  auto client = HttpClient::create(options);
  std::atomic<int> good{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 12; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 10; ++i) {
          Request request = get(server.url("/"));
          request.method = "PUT";
          request.body = std::string(1000, static_cast<char>('a' + t));
          if (client->send(request, {}).body == request.body) ++good;
        }
      });
    }
  }
  EXPECT_EQ(good, 120);
  EXPECT_LE(server.most_at_once(), 3U);
}

TEST(NetHttp, RefusesHeadersWithLineBreaks) {
  FakeServer server(echo);
  Request request = get(server.url("/"));
  request.headers = {{"X", "a\r\nInjected: b"}};
  EXPECT_EQ(failure_of(*HttpClient::create({}), request).kind(), base::ErrorKind::kUsage);
}

TEST(NetHttp, UsesTheProxyItWasGiven) {
  FakeServer proxy([](const FakeRequest& request) {
    FakeReply reply;
    reply.body = "proxied " + request.target;
    return reply;
  });
  ClientOptions options;
  options.http_proxy = "http://" + proxy.host();
  options.no_proxy = "direct.invalid";
  auto client = HttpClient::create(options);
  EXPECT_EQ(client->send(get("http://registry.invalid/v2/"), {}).body, "proxied http://registry.invalid/v2/");
  EXPECT_TRUE(failure_of(*client, get("http://direct.invalid/")).is_retryable());
  FakeServer local(echo);
  EXPECT_EQ(client->send(get(local.url("/")), {}).body, "");
  EXPECT_EQ(local.requests().size(), 1U) << "loopback went through the proxy";
}

}  // namespace cooper::net
