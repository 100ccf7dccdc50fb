#include "context/git_file_server.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <iterator>

#include "context/git_checkout.h"
#include "context/git_repository.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "support/error_of.h"
#include "support/fake_server.h"
#include "support/git_work_tree.h"

namespace cooper::context {
namespace {

using support::error_of;
using testing::FakeReply;
using testing::FakeRequest;
using testing::FakeServer;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

// Serves the files of a repository, as any web server does.
class ContextGitFileServer : public ::testing::Test {
 protected:
  GitRepository repository() {
    GitAccess access;
    access.http = net::HttpClient::create({});
    const GitUrl url = GitUrl::parse(server_.url("/.git"));
    return {url, url, root_.path() + "/cache", access};
  }
  GitRevision fetch(const std::string& ref = "") {
    origin_.git({"update-server-info"});
    GitRepository ours = repository();
    return ours.fetch(ours.resolve(ref, {}), {});
  }
  std::string read(const std::string& path, const std::string& ref = "") {
    const GitRevision revision = fetch(ref);
    os::TempDir out(root_.path());
    check_out(repository(), revision, {}, out.path(), {});
    return os::read_file(out.path() + "/" + path);
  }
  FakeReply serve(const FakeRequest& request) const {
    std::ifstream file(origin_.directory() + request.path, std::ios::binary);
    FakeReply reply;
    reply.status = file ? 200 : 404;
    if (file) reply.body.assign(std::istreambuf_iterator<char>(file), {});
    return reply.with("Content-Type", "text/plain");
  }

  os::TempDir root_{::testing::TempDir()};
  support::GitWorkTree origin_{root_.path() + "/origin"};
  std::string first_ = origin_.commit_file("dir/file", "one");
  std::string second_ = origin_.commit_file("dir/file", "two");
  FakeServer server_{[this](const FakeRequest& request) { return serve(request); }};
};

TEST_F(ContextGitFileServer, ObjectsAreFetchedOneByOne) {
  EXPECT_EQ(read("dir/file"), "two");
  EXPECT_EQ(fetch().ref, "refs/heads/main");
  EXPECT_EQ(server_.count("GET", "/objects/" + first_.substr(0, 2) + "/"), 0U) << "no history";
  EXPECT_EQ(read("dir/file", first_), "one");
}

TEST_F(ContextGitFileServer, WhatIsHereIsNotFetchedAgain) {
  fetch();
  const std::size_t before = server_.count("GET", "/objects/");
  fetch();
  EXPECT_EQ(server_.count("GET", "/objects/"), before);
  origin_.commit_file("other", "new");
  fetch();
  EXPECT_EQ(server_.count("GET", "/objects/"), before + 3) << "commit, tree and file";
}

TEST_F(ContextGitFileServer, PacksAreFetchedWhereObjectsAreInThem) {
  origin_.git({"tag", "-a", "-m", "x", "v1", first_});
  origin_.git({"gc", "-q"});
  EXPECT_EQ(read("dir/file", "v1"), "one");
  EXPECT_EQ(server_.count("GET", ".pack"), 1U);
  const std::string third = origin_.commit_file("dir/file", "three");
  EXPECT_EQ(read("dir/file", "main"), "three");
  EXPECT_EQ(server_.count("GET", ".pack"), 1U);
  EXPECT_EQ(fetch("main").commit, third);
}

TEST_F(ContextGitFileServer, AnInterruptedFetchIsBegunAnew) {
  const std::string blob = origin_.git({"rev-parse", "HEAD:dir/file"});
  const std::string path = origin_.directory() + "/.git/objects/" + blob.substr(0, 2) + "/" + blob.substr(2);
  fs::rename(path, path + ".away");
  EXPECT_THAT(error_of([&] { fetch(); }).message(), HasSubstr("has no object '" + blob + "'"));
  fs::rename(path + ".away", path);
  EXPECT_EQ(read("dir/file"), "two");
}

TEST_F(ContextGitFileServer, DamagedObjectsAreRefused) {
  const std::string blob = origin_.git({"rev-parse", "HEAD:dir/file"});
  const std::string other = origin_.git({"rev-parse", first_ + ":dir/file"});
  const auto path = [&](const std::string& id) {
    return origin_.directory() + "/.git/objects/" + id.substr(0, 2) + "/" + id.substr(2);
  };
  fs::remove(path(blob));
  fs::copy_file(path(other), path(blob));
  EXPECT_THAT(error_of([&] { fetch(); }).message(), HasSubstr("damaged object '" + blob + "'"));
  fs::remove(path(blob));
  std::ofstream(path(blob)) << "no zlib";
  EXPECT_THAT(error_of([&] { fetch(); }).message(), HasSubstr("damaged object '" + blob + "'"));
}

TEST_F(ContextGitFileServer, MissingCommitsSayWhatToDo) {
  base::Error error = error_of([&] { fetch(std::string(40, '7')); });
  EXPECT_THAT(error.message(), HasSubstr(std::string(40, '7')));
  EXPECT_THAT(error.hint(), HasSubstr("update-server-info"));
}

TEST(ContextGitFileServerText, IsToldByItsListOfRefs) {
  EXPECT_TRUE(GitFileServer::is_info_refs(std::string(40, 'a') + "\trefs/heads/main\n"));
  EXPECT_TRUE(GitFileServer::is_info_refs(std::string(64, 'a') + "\trefs/heads/main\n"));
  EXPECT_FALSE(GitFileServer::is_info_refs("<html>"));
  EXPECT_FALSE(GitFileServer::is_info_refs(""));
  GitFileServer sha256("name", std::string(64, 'a') + "\trefs/heads/main\n", {}, {});
  EXPECT_EQ(error_of([&] { sha256.read_refs(); }).kind(), base::ErrorKind::kUnsupported);
  GitFileServer broken("name", std::string(40, 'a') + "\trefs/heads/main\nnonsense\n", {}, {});
  EXPECT_THAT(error_of([&] { broken.read_refs(); }).message(), HasSubstr("'name' has a broken list of refs"));
}

TEST(ContextGitFileServerText, PacksAreNamedAsGitNamesThem) {
  os::TempDir directory(::testing::TempDir());
  set_up_git_library();
  git_repository* made = nullptr;
  ASSERT_EQ(git_repository_init(&made, directory.path().c_str(), 1), 0);
  const GitRepositoryHandle repository(made);
  class Text final : public net::ResponseStream {
   public:
    const net::Response& response() const override { return response_; }
    std::size_t read(base::MutableByteSpan buffer) override { return source_.read(buffer); }

   private:
    net::Response response_;
    base::MemorySource source_{std::string_view("P ../../../etc/passwd\n")};
  };
  GitFileServer server("name", "",
                       [](const std::string& path) -> std::unique_ptr<net::ResponseStream> {
                         if (path == "objects/info/packs") return std::make_unique<Text>();
                         return nullptr;
                       },
                       {});
  EXPECT_THAT(error_of([&] { server.fetch(repository.get(), std::string(40, 'a')); }).message(),
              HasSubstr("broken list of packs"));
}

}  // namespace
}  // namespace cooper::context
