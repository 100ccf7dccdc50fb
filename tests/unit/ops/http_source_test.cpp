#include "ops/http_source.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>

#include "support/error_of.h"
#include "support/fake_server.h"
#include "support/layer_fixture.h"

namespace cooper::ops {
namespace {

using support::error_of;
using ::testing::ElementsAre;
using testing::FakeReply;
using testing::FakeRequest;
using testing::FakeServer;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using Ending = FakeReply::Ending;

// A server with one file, that answers conditions as servers should.
class OpsHttpSource : public support::LayerFixture {
 protected:
  FakeReply answer(const FakeRequest& request) {
    if (request.path == "/gone") {
      FakeReply gone;
      gone.status = 404;
      return gone;
    }
    FakeReply reply;
    reply.with("Last-Modified", modified_);
    if (!etag_.empty()) reply.with("ETag", etag_);
    if (!etag_.empty() && request.header("if-none-match") == etag_) {
      reply.status = 304;
      return reply;
    }
    reply.body = body_;
    return reply;
  }
  // Each is a build of its own.
  std::unique_ptr<HttpSources> sources() {
    HttpSourceOptions options;
    options.client = client_;
    options.store = store_;
    options.secret = [this](const std::string& id) -> std::optional<std::string> {
      auto found = secrets_.find(id);
      if (found == secrets_.end()) return std::nullopt;
      return found->second;
    };
    options.on_retry = [this](const std::string& line) { retries_.push_back(line); };
    options.retry = {3, std::chrono::milliseconds(1), std::chrono::milliseconds(1)};
    return std::make_unique<HttpSources>(std::move(options));
  }
  graph::HttpSource file(std::string path = "/file") const { return {server_.url(path), "file", {}}; }
  graph::HttpSource file(const base::Digest& checksum) const {
    return {server_.url("/file"), "file", checksum};
  }
  std::string read(HttpSources& from, const graph::Op& op) { return content(*from.open(op, {}), "file"); }
  std::size_t gets() const { return server_.count("GET", "/"); }
  std::size_t left_in_temp() const {
    std::size_t count = 0;
    for (const auto& lease : std::filesystem::directory_iterator(store_->path() + "/tmp")) {
      for ([[maybe_unused]] const auto& item : std::filesystem::directory_iterator(lease)) ++count;
    }
    return count;
  }

  std::string body_ = "hello";
  std::string etag_ = "\"v1\"";
  std::string modified_ = "Sun, 06 Nov 1994 08:49:37 GMT";
  std::map<std::string, std::string> secrets_;
  std::vector<std::string> retries_;
  FakeServer server_{[this](const FakeRequest& request) { return answer(request); }};
  std::shared_ptr<net::HttpClient> client_ = net::HttpClient::create({});
};

TEST_F(OpsHttpSource, IsOneFileWithTheServersTime) {
  auto from = sources();
  auto tree = from->open(file(), {});
  ASSERT_THAT(tree->list(""), SizeIs(1));
  snapshot::Entry entry = tree->lookup("file").value();
  EXPECT_EQ(entry, tree->list("")[0]);
  EXPECT_EQ(entry.mode, 0600U);
  EXPECT_EQ(entry.uid, 0U);
  EXPECT_EQ(entry.gid, 0U);
  EXPECT_EQ(entry.mtime, 784111777);
  EXPECT_EQ(entry.size, 5U);
  EXPECT_EQ(tree->content_digest(entry), base::sha256("hello"));
  EXPECT_EQ(content(*tree, "file"), "hello");
  EXPECT_TRUE(tree->lookup("")->is_directory());
  EXPECT_EQ(tree->lookup("other"), std::nullopt);
  EXPECT_EQ(from->pin(file(), {}).time, 784111777);
}

TEST_F(OpsHttpSource, WithoutATimeItIsTheEpoch) {
  server_.after([](const FakeRequest&, FakeReply& reply) { reply.headers.clear(); });
  auto from = sources();
  EXPECT_EQ(from->open(file(), {})->lookup("file")->mtime, 0);
  EXPECT_EQ(from->pin(file(), {}).time, std::nullopt);
}

TEST_F(OpsHttpSource, TheIdentityIsNameAndContent) {
  auto from = sources();
  base::Digest first = from->pin(file(), {}).identity;
  EXPECT_EQ(from->pin(file("/mirror"), {}).identity, first);
  EXPECT_EQ(from->pin(file(base::sha256("hello")), {}).identity, first);
  graph::HttpSource renamed = file();
  renamed.filename = "other";
  EXPECT_NE(from->pin(renamed, {}).identity, first);
  body_ = "changed";
  etag_ = "\"v2\"";
  EXPECT_EQ(from->pin(file(), {}).identity, first) << "a build asks once";
  EXPECT_NE(sources()->pin(file(), {}).identity, first);
}

TEST_F(OpsHttpSource, ABuildAsksOnceHoweverManyWantIt) {
  auto from = sources();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { EXPECT_EQ(read(*from, file()), "hello"); });
  threads.clear();
  from->pin(file(), {});
  EXPECT_EQ(gets(), 1U);
}

TEST_F(OpsHttpSource, TheNextBuildTransfersNothingWhileTheServerSaysSo) {
  base::Digest first = sources()->pin(file(), {}).identity;
  auto second = sources();
  EXPECT_EQ(second->pin(file(), {}).identity, first);
  EXPECT_EQ(server_.requests().back().header("if-none-match"), "\"v1\"");
  EXPECT_EQ(read(*second, file()), "hello");
  EXPECT_EQ(second->open(file(), {})->lookup("file")->mtime, 784111777)
      << "remembered, as 304 need not say it";
  EXPECT_EQ(gets(), 2U);
}

TEST_F(OpsHttpSource, WeakEtagsAreNotTrusted) {
  etag_ = "W/\"v1\"";
  sources()->pin(file(), {});
  sources()->pin(file(), {});
  EXPECT_FALSE(server_.requests().back().has_header("if-none-match"));
}

TEST_F(OpsHttpSource, ADamagedBlobIsHadAnew) {
  sources()->pin(file(), {});
  std::string blob = store_->blob_path(base::sha256("hello"));
  std::ofstream(blob) << "HELLO";
  EXPECT_EQ(read(*sources(), file()), "hello");
  EXPECT_EQ(os::read_file(blob), "hello");
  std::ofstream(blob) << "short";
  std::filesystem::resize_file(blob, 2);
  EXPECT_EQ(read(*sources(), file()), "hello");
  EXPECT_FALSE(server_.requests().back().has_header("if-none-match"))
      << "what is not there cannot be confirmed";
  std::filesystem::remove(blob);
  EXPECT_EQ(read(*sources(), file()), "hello");
}

TEST_F(OpsHttpSource, ADamagedBlobOfAFileThatChangedSinceIsAnError) {
  sources()->pin(file(), {});
  auto from = sources();
  from->pin(file(), {});
  std::ofstream(store_->blob_path(base::sha256("hello"))) << "HELLO";
  body_ = "other";
  base::Error error = error_of([&] { from->open(file(), {}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kContext);
  EXPECT_THAT(error.message(), HasSubstr("changed during the build"));
}

TEST_F(OpsHttpSource, ADamagedRecordCostsATransfer) {
  sources()->pin(file(), {});
  for (const auto& entry : std::filesystem::directory_iterator(store_->sources_path() + "/http")) {
    std::ofstream(entry.path()) << "{";
  }
  EXPECT_EQ(read(*sources(), file()), "hello");
  EXPECT_FALSE(server_.requests().back().has_header("if-none-match"));
}

TEST_F(OpsHttpSource, WithAChecksumNothingIsFetchedUnlessItIsRead) {
  graph::HttpSource sealed = file(base::sha256("hello"));
  PinnedSource pinned = sources()->pin(sealed, {});
  EXPECT_EQ(gets(), 0U);
  EXPECT_EQ(pinned.time, std::nullopt);
  EXPECT_EQ(read(*sources(), sealed), "hello");
  EXPECT_EQ(gets(), 1U);
  EXPECT_EQ(read(*sources(), sealed), "hello") << "the store has it";
  EXPECT_EQ(gets(), 1U);
}

TEST_F(OpsHttpSource, WhatTheStoreHasServesAChecksumButNoOpenQuestion) {
  base::Digest old = base::sha256("hello");
  sources()->pin(file(), {});
  body_ = "changed";
  etag_ = "\"v2\"";
  auto from = sources();
  EXPECT_EQ(read(*from, file(old)), "hello");
  EXPECT_EQ(read(*from, file()), "changed");
}

TEST_F(OpsHttpSource, AWrongChecksumNamesBothDigests) {
  base::Digest wrong = base::sha256("other");
  auto from = sources();
  base::Error error = error_of([&] { from->open(file(wrong), {}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kCorrupt);
  EXPECT_EQ(error.message(), "'" + server_.url("/file") + "' has the digest '" + base::sha256("hello").str() +
                                 "', not '" + wrong.str() + "'");
  EXPECT_NE(error.hint(), "");
}

TEST_F(OpsHttpSource, SaysWhatTheServerAnswered) {
  graph::HttpSource gone = file();
  gone.url = "http://user:secret@" + server_.host() + "/gone?token=secret";
  auto from = sources();
  base::Error error = error_of([&] { from->pin(gone, {}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kContext);
  EXPECT_EQ(error.message(),
            "cannot fetch 'http://" + server_.host() + "/gone?token=***': the server answered 404");
  EXPECT_EQ(gets(), 1U) << "404 does not pass";
  EXPECT_EQ(left_in_temp(), 0U);
}

TEST_F(OpsHttpSource, RefusedCredentialsAreTheirOwnKind) {
  server_.before([](const FakeRequest&) {
    FakeReply reply;
    reply.status = 401;
    return std::optional(reply);
  });
  auto from = sources();
  base::Error error = error_of([&] { from->pin(file(), {}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kAuth);
  EXPECT_THAT(error.hint(), HasSubstr("HTTP_AUTH_TOKEN_127.0.0.1"));
}

TEST_F(OpsHttpSource, UnreachableServersAndImpossibleUrlsAreMattersOfTheContext) {
  auto from = sources();
  base::Error error = error_of([&] { from->pin(graph::HttpSource{"http://127.0.0.1:9/x", "x", {}}, {}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kContext);
  EXPECT_THAT(error.message(), HasSubstr("http://127.0.0.1:9/x"));
  error = error_of([&] { from->pin(graph::HttpSource{"http://user:secret@[::", "x", {}}, {}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kContext);
  EXPECT_THAT(error.message(), Not(HasSubstr("secret")));
}

TEST_F(OpsHttpSource, WhatMayPassIsTriedAgain) {
  FakeReply busy;
  busy.status = 503;
  server_.before(testing::fail_times(1, "GET", "/file", busy));
  FakeReply cut;
  cut.body = body_;
  cut.end(Ending::kReset, 3);
  server_.before(testing::fail_times(1, "GET", "/file", cut));
  EXPECT_EQ(read(*sources(), file()), "hello");
  EXPECT_THAT(retries_, SizeIs(2));
  EXPECT_EQ(left_in_temp(), 0U);
}

TEST_F(OpsHttpSource, GivesUpWhenItNeverPasses) {
  server_.before([](const FakeRequest&) {
    FakeReply reply;
    reply.status = 500;
    return std::optional(reply);
  });
  auto from = sources();
  EXPECT_THAT(error_of([&] { from->pin(file(), {}); }).message(), HasSubstr("the server answered 500"));
  EXPECT_EQ(gets(), 3U);
}

TEST_F(OpsHttpSource, APartNobodyAskedForIsNoFile) {
  server_.after([](const FakeRequest&, FakeReply& reply) { reply.status = 206; });
  auto from = sources();
  EXPECT_THAT(error_of([&] { from->pin(file(), {}); }).message(), HasSubstr("the server answered 206"));
}

TEST_F(OpsHttpSource, SecretsGoToTheirHostOnly) {
  secrets_ = {{"HTTP_AUTH_TOKEN_127.0.0.1", "open sesame\n"}, {"HTTP_AUTH_TOKEN_elsewhere.example", "no"}};
  server_.before([this](const FakeRequest& request) -> std::optional<FakeReply> {
    if (request.path != "/file") return std::nullopt;
    FakeReply reply;
    reply.status = 302;
    return reply.with("Location", "http://" + server_.other_host() + "/elsewhere");
  });
  EXPECT_EQ(read(*sources(), file()), "hello");
  std::vector<FakeRequest> requests = server_.requests();
  ASSERT_THAT(requests, SizeIs(2));
  EXPECT_EQ(requests[0].header("authorization"), "Bearer open sesame");
  EXPECT_FALSE(requests[1].has_header("authorization"));
}

TEST_F(OpsHttpSource, AWholeHeaderMayBeASecretToo) {
  secrets_ = {{"HTTP_AUTH_HEADER_127.0.0.1", "Basic abc"}};
  sources()->pin(file(), {});
  EXPECT_EQ(server_.requests().back().header("authorization"), "Basic abc");
  secrets_["HTTP_AUTH_TOKEN_127.0.0.1"] = "t";
  sources()->pin(file(), {});
  EXPECT_EQ(server_.requests().back().header("authorization"), "Bearer t") << "as BuildKit chooses";
}

TEST_F(OpsHttpSource, ASecretCannotAddHeaders) {
  secrets_ = {{"HTTP_AUTH_HEADER_127.0.0.1", "Basic abc\r\nX-Evil: yes"}};
  auto from = sources();
  base::Error error = error_of([&] { from->pin(file(), {}); });
  EXPECT_THAT(error.message(), HasSubstr("HTTP_AUTH_HEADER_127.0.0.1"));
  EXPECT_THAT(error.message(), Not(HasSubstr("abc")));
  EXPECT_THAT(server_.requests(), IsEmpty());
}

TEST_F(OpsHttpSource, TheStoreKeepsNoUrl) {
  graph::HttpSource secret = file();
  secret.url = "http://user:password@" + server_.host() + "/file";
  sources()->pin(secret, {});
  int records = 0;
  for (const auto& entry : std::filesystem::directory_iterator(store_->sources_path() + "/http")) {
    std::string text = os::read_file(entry.path());
    EXPECT_THAT(text, Not(HasSubstr("password")));
    EXPECT_THAT(entry.path().string(), Not(HasSubstr("password")));
    ++records;
  }
  EXPECT_EQ(records, 1);
}

}  // namespace
}  // namespace cooper::ops
