#include "context/git_repository.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <thread>

#include "os/beneath.h"
#include "os/file_lock.h"
#include "os/file_time.h"
#include "support/error_of.h"
#include "support/fake_ssh.h"
#include "support/git_work_tree.h"

namespace cooper::context {
namespace {

using support::error_of;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

// Through git's own protocol: what stands in for ssh runs the command here.
class ContextGitRepository : public ::testing::Test {
 protected:
  GitRepository repository(const std::string& directory) {
    GitAccess access;
    access.ssh_agent = [] { return "/nowhere"; };
    access.ssh_program = ssh_;
    const GitUrl url = GitUrl::parse("ssh://git@host" + directory);
    return {url, url, root_.path() + "/cache", access};
  }
  GitRevision fetch(const std::string& ref) {
    GitRepository ours = repository(origin_.directory());
    return ours.fetch(ours.resolve(ref, {}), {});
  }
  base::Error failure(const std::string& ref) {
    return error_of([&] { fetch(ref); });
  }
  bool holds(const std::string& id) {
    const GitRepositoryHandle cache = repository(origin_.directory()).open();
    const git_oid oid = parse_object_id(id);
    git_object* found = nullptr;
    const bool is_there = git_object_lookup(&found, cache.get(), &oid, GIT_OBJECT_ANY) == 0;
    git_object_free(found);
    return is_there;
  }

  os::TempDir root_{::testing::TempDir()};
  // Written once: a program that is being written to while another thread forks cannot be started.
  std::string ssh_ = support::make_fake_ssh(root_.path());
  support::GitWorkTree origin_{root_.path() + "/origin"};
  std::string first_ = origin_.commit_file("file", "one");
  std::string second_ = origin_.commit_file("file", "two");
};

TEST_F(ContextGitRepository, TheDefaultIsTheRemotesBranch) {
  const GitRevision found = fetch("");
  EXPECT_EQ(found.commit, second_);
  EXPECT_EQ(found.ref, "refs/heads/main");
  EXPECT_EQ(fetch("HEAD").commit, second_);
}

TEST_F(ContextGitRepository, FindsBranchesTagsAndFullNames) {
  origin_.git({"tag", "light", first_});
  origin_.git({"branch", "feature/x", first_});
  origin_.git({"update-ref", "refs/pull/7/head", first_});
  EXPECT_EQ(fetch("light").ref, "refs/tags/light");
  EXPECT_EQ(fetch("feature/x").ref, "refs/heads/feature/x");
  EXPECT_EQ(fetch("refs/heads/feature/x").commit, first_);
  EXPECT_EQ(fetch("tags/light").commit, first_);
  EXPECT_EQ(fetch("pull/7/head").commit, first_);
  EXPECT_EQ(fetch("light").tag, "");
}

TEST_F(ContextGitRepository, BranchesWinOverTags) {
  origin_.git({"tag", "same", first_});
  origin_.git({"branch", "same", second_});
  EXPECT_EQ(fetch("same").commit, second_);
  EXPECT_EQ(fetch("refs/tags/same").commit, first_);
}

TEST_F(ContextGitRepository, AnnotatedTagsAreFollowed) {
  origin_.git({"tag", "-a", "-m", "first", "v1", first_});
  const std::string object = origin_.git({"rev-parse", "v1"});
  EXPECT_NE(object, first_);
  const GitRevision found = fetch("v1");
  EXPECT_EQ(found.commit, first_);
  EXPECT_EQ(found.tag, object);
  EXPECT_TRUE(holds(object)) << "the tag's object is fetched, too";
  const GitRevision by_id = fetch(object);
  EXPECT_EQ(by_id.commit, first_);
  EXPECT_EQ(by_id.tag, object);
}

TEST_F(ContextGitRepository, FetchesOneRefOnly) {
  origin_.git({"checkout", "-q", "-b", "other"});
  const std::string other = origin_.commit_file("file", "other");
  EXPECT_EQ(fetch("main").commit, second_);
  EXPECT_FALSE(holds(other));
}

TEST_F(ContextGitRepository, TheTimeOfItsLockIsThatOfItsLastUse) {
  constexpr std::int64_t kLongAgo = 1'000'000'000;
  fetch("");
  const std::string lock =
      root_.path() + "/cache/" + base::sha256(repository(origin_.directory()).url().str()).hex() + ".lock";
  ASSERT_TRUE(os::set_modified_time(lock, kLongAgo));
  fetch(second_);
  EXPECT_GT(os::modified_time(lock), kLongAgo);
}

TEST_F(ContextGitRepository, ACommitThatNoRefHasAtItsTipIsFetched) {
  EXPECT_EQ(fetch(first_).commit, first_);
  EXPECT_TRUE(holds(first_));
}

TEST_F(ContextGitRepository, ACommitIsAskedForByItsIdWhereTheServerAllowsIt) {
  origin_.git({"checkout", "-q", "-b", "other"});
  const std::string other = origin_.commit_file("file", "other");
  origin_.git({"config", "uploadpack.allowReachableSHA1InWant", "true"});
  EXPECT_EQ(fetch(first_).commit, first_);
  EXPECT_FALSE(holds(other)) << "no branch was fetched";
}

TEST_F(ContextGitRepository, ACommitThatIsHereIsNotAskedFor) {
  fetch(first_);
  fs::remove_all(origin_.directory());
  EXPECT_EQ(fetch(first_).commit, first_);
  EXPECT_EQ(failure("main").kind(), base::ErrorKind::kContext) << "what a branch is now is asked for";
}

TEST_F(ContextGitRepository, TheNextFetchBringsWhatIsNew) {
  fetch("main");
  const std::string third = origin_.commit_file("file", "three");
  EXPECT_EQ(fetch("main").commit, third);
  origin_.git({"checkout", "-q", "--orphan", "rewritten"});
  const std::string rewritten = origin_.commit("unrelated");
  origin_.git({"branch", "-f", "main", rewritten});
  EXPECT_EQ(fetch("main").commit, rewritten) << "a branch may be forced";
}

TEST_F(ContextGitRepository, MissingRefsSayWhatToDo) {
  EXPECT_THAT(failure("mian").message(), HasSubstr("has no ref 'mian'"));
  EXPECT_EQ(failure("mian").hint(), "did you mean 'main'?");
  EXPECT_EQ(failure(first_.substr(0, 8)).hint(), "give all 40 digits of a commit id");
  EXPECT_THAT(failure("nothing-like-it").hint(), HasSubstr("git ls-remote"));
  EXPECT_THAT(failure(std::string(40, '7')).message(), HasSubstr(std::string(40, '7')));
  EXPECT_EQ(failure(std::string(64, '7')).kind(), base::ErrorKind::kUnsupported);
}

TEST_F(ContextGitRepository, WhatIsNoCommitIsRefused) {
  origin_.git({"tag", "blob", "HEAD:file"});
  EXPECT_EQ(failure("blob").kind(), base::ErrorKind::kContext);
}

TEST_F(ContextGitRepository, EmptyAndMissingRepositoriesAreNamed) {
  support::GitWorkTree empty(root_.path() + "/empty");
  GitRepository ours = repository(empty.directory());
  EXPECT_THAT(error_of([&] { ours.resolve("", {}); }).message(), HasSubstr("/empty' is empty"));
  EXPECT_EQ(error_of([&] { ours.resolve("main", {}); }).kind(), base::ErrorKind::kContext);
  GitRepository missing = repository(root_.path() + "/missing");
  EXPECT_THAT(error_of([&] { missing.resolve("", {}); }).message(), HasSubstr("/missing'"));
}

TEST_F(ContextGitRepository, TheCacheKeepsNoRefsOfTheRemote) {
  fetch("main");
  const GitRepositoryHandle cache = repository(origin_.directory()).open();
  git_strarray names{};
  ASSERT_EQ(git_reference_list(&names, cache.get()), 0);
  ASSERT_EQ(names.count, 1U);
  EXPECT_EQ(names.strings[0], "refs/cooper/" + second_);
  git_strarray_dispose(&names);
  EXPECT_FALSE(fs::exists(std::string(git_repository_path(cache.get())) + "FETCH_HEAD"));
}

TEST_F(ContextGitRepository, AHalfMadeCacheIsCompleted) {
  fetch("main");
  for (const auto& item : fs::directory_iterator(root_.path() + "/cache")) {
    if (!item.is_directory()) continue;
    fs::remove(item.path() / "HEAD");
    fs::remove_all(item.path() / "refs");
  }
  EXPECT_EQ(fetch("main").commit, second_);
}

TEST_F(ContextGitRepository, SeveralMayFetchAtOnce) {
  origin_.git({"branch", "other", first_});
  std::vector<std::string> commits(8);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < commits.size(); ++i)
      threads.emplace_back([&, i] { commits[i] = fetch(i % 2 == 0 ? "main" : "other").commit; });
  }
  for (std::size_t i = 0; i < commits.size(); ++i) EXPECT_EQ(commits[i], i % 2 == 0 ? second_ : first_);
}

TEST_F(ContextGitRepository, AStopRequestEndsTheWaitForAnotherFetch) {
  fetch("main");
  std::string lock_file;
  for (const auto& item : fs::directory_iterator(root_.path() + "/cache")) {
    if (item.path().extension() == ".lock") lock_file = item.path();
  }
  const os::FileLock held = os::FileLock::acquire(lock_file, os::LockMode::kExclusive);
  std::stop_source source;
  std::jthread stopper([&] { source.request_stop(); });
  base::Error error = error_of([&] {
    repository(origin_.directory()).fetch({second_, "", ""}, source.get_token());
  });
  EXPECT_EQ(error.kind(), base::ErrorKind::kCancelled);
}

TEST_F(ContextGitRepository, KnowsTheCommitsTime) {
  fetch("main");
  EXPECT_EQ(repository(origin_.directory()).commit_time(second_), 1'700'000'001);
}

TEST_F(ContextGitRepository, SubmodulesLieBesideIt) {
  GitRepository ours = repository(origin_.directory());
  EXPECT_EQ(ours.submodule("../other").url().path, root_.path() + "/other");
  EXPECT_EQ(ours.submodule("https://h/x").url().str(), "https://h/x");
  EXPECT_EQ(error_of([&] { ours.submodule("/etc"); }).kind(), base::ErrorKind::kContext);
}

TEST_F(ContextGitRepository, ALocalRepositoryIsForTests) {
  const GitUrl url = GitUrl::local(origin_.directory());
  const GitRepository ours(url, url, root_.path() + "/cache", {});
  EXPECT_EQ(ours.fetch(ours.resolve("main", {}), {}).commit, second_);
}

}  // namespace
}  // namespace cooper::context
