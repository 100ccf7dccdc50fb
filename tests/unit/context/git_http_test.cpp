#include "context/git_http.h"

#include <gmock/gmock.h>

#include "context/git_repository.h"
#include "os/beneath.h"
#include "support/error_of.h"
#include "support/git_http_backend.h"
#include "support/git_work_tree.h"
#include "support/scripted_http.h"

namespace cooper::context {
namespace {

using support::error_of;
using testing::FakeReply;
using testing::FakeRequest;
using testing::FakeServer;
using ::testing::HasSubstr;
using ::testing::Not;

FakeReply answer(int status, const std::string& body = "") {
  FakeReply reply;
  reply.status = status;
  reply.body = body;
  return reply;
}

class ContextGitHttp : public ::testing::Test {
 protected:
  GitRepository repository(const std::string& url) {
    GitAccess access;
    access.http = http_;
    access.on_retry = [this](const std::string&) { ++retries_; };
    access.secret = [this](const std::string& id) -> std::optional<std::string> {
      return id == secret_id_ ? std::optional(secret_) : std::nullopt;
    };
    const GitUrl parsed = GitUrl::parse(url);
    return {parsed, parsed, root_.path() + "/cache", access};
  }
  GitRevision fetch(const std::string& url, const std::string& ref = "main") {
    GitRepository ours = repository(url);
    return ours.fetch(ours.resolve(ref, {}), {});
  }
  base::Error failure(const std::string& url) {
    base::Error error = error_of([&] { fetch(url); });
    if (!secret_.empty()) {
      EXPECT_THAT(error.render(), Not(HasSubstr(secret_)));
    }
    return error;
  }
  std::string url() const { return server_.url("/origin/.git"); }

  std::string secret_id_ = "GIT_AUTH_TOKEN";
  std::string secret_;
  int retries_ = 0;
  os::TempDir root_{::testing::TempDir()};
  std::shared_ptr<net::HttpClient> http_ = net::HttpClient::create({});
  support::GitWorkTree origin_{root_.path() + "/origin"};
  std::string commit_ = origin_.commit_file("file", "content");
  FakeServer server_{
      [this](const FakeRequest& request) { return support::serve_git(root_.path(), request); }};
};

TEST_F(ContextGitHttp, FetchesAndThenOnlyWhatIsNew) {
  secret_id_ = "";
  EXPECT_EQ(fetch(url()).commit, commit_);
  const std::string second = origin_.commit_file("file", "changed");
  EXPECT_EQ(fetch(url()).commit, second);
  EXPECT_EQ(fetch(url()).commit, second);
  EXPECT_EQ(server_.count("POST", "/git-upload-pack"), 2U) << "none when all is here";
  bool offered = false;
  for (const FakeRequest& request : server_.requests())
    offered = offered || request.body.find("have " + commit_) != std::string::npos;
  EXPECT_TRUE(offered);
  for (const FakeRequest& request : server_.requests()) {
    EXPECT_TRUE(request.header("user-agent").starts_with("git/"));
    EXPECT_FALSE(request.has_header("authorization"));
  }
}

TEST_F(ContextGitHttp, LargePacksStream) {
  std::string noise(3 << 20, '\0');
  for (std::size_t i = 0, state = 1; i < noise.size(); ++i)
    noise[i] = static_cast<char>((state = state * 48271 % 2147483647) >> 8);
  const std::string large = origin_.commit_file("noise", noise);
  EXPECT_EQ(fetch(url()).commit, large);
}

TEST_F(ContextGitHttp, SendsTheTokenWithEveryRequest) {
  secret_ = "s3cret";
  fetch(url());
  for (const FakeRequest& request : server_.requests())
    EXPECT_EQ(request.header("authorization"), "Basic eC1hY2Nlc3MtdG9rZW46czNjcmV0");
}

TEST_F(ContextGitHttp, AProtectedRepositorySaysWhatItNeeds) {
  server_.before([](const FakeRequest& request) -> std::optional<FakeReply> {
    if (request.has_header("authorization")) return std::nullopt;
    return answer(401).with("WWW-Authenticate", "Basic realm=x");
  });
  secret_id_ = "";
  base::Error error = failure(url());
  EXPECT_EQ(error.kind(), base::ErrorKind::kAuth);
  EXPECT_THAT(error.message(), HasSubstr("asks for credentials (401)"));
  EXPECT_THAT(error.hint(), HasSubstr("--secret id=GIT_AUTH_TOKEN." + server_.host()));
  secret_id_ = "GIT_AUTH_TOKEN." + server_.host();
  secret_ = "s3cret";
  EXPECT_EQ(fetch(url()).commit, commit_);
}

TEST_F(ContextGitHttp, ARefusedSecretIsNamedByItsId) {
  server_.before([](const FakeRequest&) { return std::optional(answer(403)); });
  secret_ = "s3cret";
  base::Error error = failure(url());
  EXPECT_EQ(error.kind(), base::ErrorKind::kAuth);
  EXPECT_THAT(error.message(), HasSubstr("refuses secret 'GIT_AUTH_TOKEN' (403)"));
}

TEST_F(ContextGitHttp, CredentialsInTheUrlAreUsedAndNotShown) {
  secret_ = "pa55word";
  server_.before([](const FakeRequest&) { return std::optional(answer(401)); });
  base::Error error = failure("http://me:pa55word@" + server_.host() + "/origin/.git");
  EXPECT_THAT(error.message(), HasSubstr("the credentials in the URL"));
  EXPECT_EQ(server_.requests().at(0).header("authorization"), "Basic bWU6cGE1NXdvcmQ=");
}

TEST_F(ContextGitHttp, RedirectsAreFollowedForAllThatComes) {
  secret_ = "s3cret";
  server_.before([&](const FakeRequest& request) -> std::optional<FakeReply> {
    if (!request.path.starts_with("/old")) return std::nullopt;
    return answer(301).with("Location", "/origin/.git" + request.target.substr(4));
  });
  EXPECT_EQ(fetch(server_.url("/old")).commit, commit_);
  EXPECT_EQ(server_.count("POST", "/old"), 0U);
}

TEST_F(ContextGitHttp, TheTokenNeverFollowsARedirectToAnotherHost) {
  secret_ = "s3cret";
  server_.before([&](const FakeRequest& request) -> std::optional<FakeReply> {
    if (!request.path.starts_with("/old")) return std::nullopt;
    return answer(302).with("Location",
                            "http://" + server_.other_host() + "/origin/.git" + request.target.substr(4));
  });
  EXPECT_EQ(fetch(server_.url("/old")).commit, commit_);
  for (const FakeRequest& request : server_.requests())
    EXPECT_EQ(request.has_header("authorization"), request.path.starts_with("/old")) << request.target;
}

TEST_F(ContextGitHttp, ARedirectToSomethingElseIsAnError) {
  server_.before([&](const FakeRequest& request) -> std::optional<FakeReply> {
    if (request.path.starts_with("/login"))
      return answer(200).with("Content-Type", "application/x-git-upload-pack-advertisement");
    return answer(302).with("Location", "/login?next=here");
  });
  EXPECT_THAT(failure(url()).message(), HasSubstr("/login?next=here', which is none"));
}

TEST_F(ContextGitHttp, WhatIsNotGitIsNamed) {
  secret_id_ = "";
  server_.before([](const FakeRequest& request) -> std::optional<FakeReply> {
    if (request.path.starts_with("/gone")) return answer(404);
    if (request.path.starts_with("/broken")) return answer(418);
    if (request.path.starts_with("/page")) return answer(200, "<html>").with("Content-Type", "text/html");
    return std::nullopt;
  });
  EXPECT_THAT(failure(server_.url("/gone")).message(), HasSubstr("is not there (404)"));
  EXPECT_THAT(failure(server_.url("/gone")).hint(), HasSubstr("GIT_AUTH_TOKEN"));
  EXPECT_THAT(failure(server_.url("/broken")).message(), HasSubstr("answers 418"));
  EXPECT_THAT(failure(server_.url("/page")).message(), HasSubstr("there is no git repository at"));
  EXPECT_THAT(failure(server_.url("/none/.git")).message(), HasSubstr("/none/.git' is not there (404)"));
}

TEST_F(ContextGitHttp, PassingTroubleIsTriedAgain) {
  server_.before(testing::fail_times(2, "GET", "/info/refs", answer(503)));
  EXPECT_EQ(fetch(url()).commit, commit_);
}

TEST_F(ContextGitHttp, ASessionThatBreaksIsBegunAnew) {
  int broken = 0;
  server_.after([&](const FakeRequest& request, FakeReply& reply) {
    if (request.method == "POST" && ++broken <= 2)
      reply.end(FakeReply::Ending::kReset, reply.body.size() / 2);
  });
  EXPECT_EQ(fetch(url()).commit, commit_);
  EXPECT_EQ(server_.count("POST", ""), 3U);
  EXPECT_EQ(retries_, 2);
}

TEST_F(ContextGitHttp, ARepositoryOfSha256IsRefused) {
  server_.before([](const FakeRequest&) -> std::optional<FakeReply> {
    const std::string line = std::string(64, 'a') + " HEAD" + '\0' + "multi_ack object-format=sha256\n";
    std::string body = "001e# service=git-upload-pack\n0000";
    char length[5];
    std::snprintf(length, sizeof length, "%04zx", line.size() + 4);
    return answer(200, body + length + line + "0000")
        .with("Content-Type", "application/x-git-upload-pack-advertisement");
  });
  EXPECT_EQ(failure(url()).kind(), base::ErrorKind::kUnsupported);
}

TEST_F(ContextGitHttp, DamagedAnswersAreErrors) {
  server_.after([](const FakeRequest& request, FakeReply& reply) {
    if (request.method == "POST" && reply.body.size() > 100) reply.body.resize(reply.body.size() / 2);
  });
  EXPECT_EQ(failure(url()).kind(), base::ErrorKind::kContext);
  server_.after([](const FakeRequest& request, FakeReply& reply) {
    if (request.method == "GET") reply.body = "zzzz not a packet";
  });
  EXPECT_EQ(failure(url()).kind(), base::ErrorKind::kContext);
}

TEST_F(ContextGitHttp, AStopRequestEndsAStalledFetch) {
  std::stop_source source;
  server_.before([&](const FakeRequest& request) -> std::optional<FakeReply> {
    if (request.method != "POST") return std::nullopt;
    source.request_stop();
    FakeReply silent;
    silent.status = 0;
    return silent.end(FakeReply::Ending::kStall, 0);
  });
  GitRepository ours = repository(url());
  const GitRevision revision = ours.resolve("main", {});
  EXPECT_EQ(error_of([&] { ours.fetch(revision, source.get_token()); }).kind(), base::ErrorKind::kCancelled);
  EXPECT_EQ(error_of([&] { ours.resolve("main", source.get_token()); }).kind(), base::ErrorKind::kCancelled);
}

TEST_F(ContextGitHttp, CertificatesAreCheckedUnlessSomebodySaysOtherwise) {
  const std::string asked = "GET https://g.example/x.git/info/refs?service=git-upload-pack";
  for (const bool verify : {true, false}) {
    auto http = std::make_shared<testing::ScriptedHttp>();
    http->on(asked, testing::answer(404, ""));
    GitAccess access;
    access.http = http;
    access.verify = verify;
    GitHttp conversation(GitUrl::parse("https://g.example/x.git"), std::nullopt, access, {});
    EXPECT_EQ(error_of([&] { conversation.begin_advertisement(); }).kind(), base::ErrorKind::kContext);
    ASSERT_EQ(http->requests().size(), 1U);
    EXPECT_EQ(http->requests()[0].tls.verify, verify);
  }
}

}  // namespace
}  // namespace cooper::context
