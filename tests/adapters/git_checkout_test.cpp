#include "adapters/git_checkout.h"

#include <gtest/gtest.h>

#include "os/beneath.h"
#include "support/git_work_tree.h"

namespace cooper::adapters {
namespace {

class AdaptersGitCheckout : public ::testing::Test {
 protected:
  void SetUp() override {
    commit_ = tree_.commit_file("a", "1");
    tree_.git({"remote", "add", "origin", "https://bot:SECRET@git.example.com/Group/App.git"});
    tree_.git({"update-ref", "refs/remotes/origin/main", commit_});
    tree_.git({"symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"});
    record_.workspace = tree_.directory();
  }

  os::TempDir temp_{"/tmp", "checkout-"};
  support::GitWorkTree tree_{temp_.path() + "/app"};
  std::string commit_;
  Record record_;
};

TEST_F(AdaptersGitCheckout, FillsWhatTheEnvironmentDoesNotSay) {
  fill_from_checkout(record_);
  EXPECT_EQ(record_.commit, commit_);
  EXPECT_EQ(record_.commit_time, 1'700'000'000);
  EXPECT_EQ(record_.branch, "main");
  EXPECT_EQ(record_.default_branch, "main");
  EXPECT_EQ(record_.on_default_branch, true);
  EXPECT_EQ(record_.repository_url, "https://git.example.com/Group/App");
  EXPECT_EQ(record_.repository_path, "Group/App");
  EXPECT_EQ(record_.origins.at("commit"), ".git/HEAD");
}

TEST_F(AdaptersGitCheckout, LeavesWhatTheEnvironmentSays) {
  record_.commit = commit_;
  record_.commit_time = 5;
  record_.branch = "topic";
  record_.repository_url = "https://other.example.com/x";
  record_.repository_path = "x";
  record_.default_branch = "trunk";
  fill_from_checkout(record_);
  EXPECT_EQ(record_.commit_time, 5);
  EXPECT_EQ(record_.branch, "topic");
  EXPECT_EQ(record_.repository_url, "https://other.example.com/x");
  EXPECT_EQ(record_.repository_path, "x");
  EXPECT_EQ(record_.on_default_branch, false);
}

// A detached HEAD is how nearly every CI checks out.
TEST_F(AdaptersGitCheckout, ADetachedHeadSaysNoBranch) {
  tree_.git({"checkout", "-q", "--detach"});
  fill_from_checkout(record_);
  EXPECT_EQ(record_.commit, commit_);
  EXPECT_EQ(record_.branch, "");
  EXPECT_EQ(record_.on_default_branch, std::nullopt);
}

TEST_F(AdaptersGitCheckout, AChangeOrATagGetsNoBranchFromIt) {
  record_.change = "7";
  fill_from_checkout(record_);
  EXPECT_EQ(record_.branch, "");
  EXPECT_EQ(record_.on_default_branch, false);
  Record of_tag;
  of_tag.workspace = tree_.directory();
  of_tag.tag = "v1";
  fill_from_checkout(of_tag);
  EXPECT_EQ(of_tag.branch, "");
  EXPECT_EQ(of_tag.commit_time, 1'700'000'000);
}

TEST_F(AdaptersGitCheckout, AnotherRepositoryIsNotBelieved) {
  record_.commit = std::string(40, 'f');
  fill_from_checkout(record_);
  EXPECT_EQ(record_.commit_time, std::nullopt);
  EXPECT_EQ(record_.branch, "");
  EXPECT_EQ(record_.repository_url, "");
}

TEST_F(AdaptersGitCheckout, NoRepositoryIsNoError) {
  for (const char* workspace : {"", "/nonexistent", "/proc"}) {
    Record record;
    record.workspace = workspace;
    fill_from_checkout(record);
    EXPECT_EQ(record.commit, "") << workspace;
  }
}

// A time beyond what dates can say would make everything that is made of it an error.
TEST_F(AdaptersGitCheckout, AnAbsurdTimeIsNone) {
  const std::string tree = tree_.git({"rev-parse", "HEAD^{tree}"});
  tree_.write("commit", "tree " + tree +
                            "\nauthor A <a@b> 999999999999999 +0000\ncommitter A <a@b> 999999999999999 "
                            "+0000\n\nx\n");
  const std::string id = tree_.git({"hash-object", "-t", "commit", "-w", "--literally", "commit"});
  tree_.git({"update-ref", "refs/heads/main", id});
  fill_from_checkout(record_);
  EXPECT_EQ(record_.commit, id);
  EXPECT_EQ(record_.commit_time, std::nullopt);
}

}  // namespace
}  // namespace cooper::adapters
