#include "context/git_head.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

#include "os/beneath.h"
#include "support/git_work_tree.h"

namespace cooper::context {
namespace {

namespace fs = std::filesystem;

class ContextGitHead : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return temp_.path() + "/" + name; }

  os::TempDir temp_{"/tmp", "git-head-"};
  support::GitWorkTree tree_{path("app")};
};

TEST_F(ContextGitHead, SaysWhatIsCheckedOut) {
  const std::string commit = tree_.commit_file("a", "1");
  tree_.git({"remote", "add", "origin", "git@example.com:group/app.git"});
  const auto head = read_git_head(tree_.directory());
  ASSERT_TRUE(head);
  EXPECT_EQ(head->commit, commit);
  EXPECT_EQ(head->time, 1'700'000'000);
  EXPECT_EQ(head->branch, "main");
  EXPECT_EQ(head->origin_url, "git@example.com:group/app.git");
  EXPECT_EQ(head->default_branch, "");
}

TEST_F(ContextGitHead, ReadsPackedReferencesAndObjects) {
  const std::string commit = tree_.commit_file("a", "1");
  tree_.git({"gc", "-q"});
  ASSERT_FALSE(fs::exists(tree_.directory() + "/.git/refs/heads/main"));
  EXPECT_EQ(read_git_head(tree_.directory())->commit, commit);
  EXPECT_EQ(read_git_head(tree_.directory())->time, 1'700'000'000);
}

TEST_F(ContextGitHead, ADetachedHeadHasNoBranch) {
  const std::string commit = tree_.commit_file("a", "1");
  tree_.git({"checkout", "-q", "--detach"});
  EXPECT_EQ(read_git_head(tree_.directory())->commit, commit);
  EXPECT_EQ(read_git_head(tree_.directory())->branch, "");
}

TEST_F(ContextGitHead, FollowsALinkedWorkTree) {
  const std::string commit = tree_.commit_file("a", "1");
  tree_.git({"worktree", "add", "-q", "-b", "side", path("side")});
  ASSERT_TRUE(fs::is_regular_file(path("side/.git")));
  EXPECT_EQ(read_git_head(path("side"))->commit, commit);
  EXPECT_EQ(read_git_head(path("side"))->branch, "side");
}

TEST_F(ContextGitHead, ClonesNoteTheDefaultBranch) {
  tree_.commit_file("a", "1");
  const std::string second = tree_.commit_file("a", "2");
  tree_.git({"clone", "-q", "--depth=1", "file://" + tree_.directory(), path("shallow")});
  const auto head = read_git_head(path("shallow"));
  ASSERT_TRUE(head);
  EXPECT_EQ(head->commit, second);
  EXPECT_EQ(head->time, 1'700'000'001);
  EXPECT_EQ(head->default_branch, "main");
}

TEST_F(ContextGitHead, ReadsClonesWithoutBlobs) {
  const std::string commit = tree_.commit_file("a", "1");
  tree_.git({"config", "uploadpack.allowFilter", "true"});
  tree_.git(
      {"clone", "-q", "--filter=blob:none", "--no-checkout", "file://" + tree_.directory(), path("partial")});
  tree_.git({"-C", path("partial"), "config", "core.repositoryformatversion", "1"});
  tree_.git({"-C", path("partial"), "config", "extensions.partialClone", "origin"});
  const auto head = read_git_head(path("partial"));
  ASSERT_TRUE(head);
  EXPECT_EQ(head->commit, commit);
  EXPECT_EQ(head->time, 1'700'000'000);
}

TEST_F(ContextGitHead, AnotherCommitIsFoundByItsId) {
  const std::string first = tree_.commit_file("a", "1");
  tree_.commit_file("a", "2");
  const auto head = read_git_head(tree_.directory(), first);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->commit, first);
  EXPECT_EQ(head->time, 1'700'000'000);
  EXPECT_EQ(head->branch, "") << "HEAD is not at this commit";
}

TEST_F(ContextGitHead, ACommitThatIsNotHereMakesItAnotherRepository) {
  tree_.commit_file("a", "1");
  EXPECT_FALSE(read_git_head(tree_.directory(), std::string(40, '1')));
  EXPECT_FALSE(read_git_head(tree_.directory(), std::string(64, '1')));
}

TEST_F(ContextGitHead, WithoutACommitThereIsNone) {
  EXPECT_FALSE(read_git_head(tree_.directory()));
}

TEST_F(ContextGitHead, DoesNotLookAboveTheDirectory) {
  tree_.commit_file("below/a", "1");
  EXPECT_TRUE(read_git_head(tree_.directory()));
  EXPECT_FALSE(read_git_head(tree_.directory() + "/below"));
  EXPECT_FALSE(read_git_head(path("nothing")));
}

TEST_F(ContextGitHead, DamageIsNoRepositoryOrNoTime) {
  const std::string commit = tree_.commit_file("a", "1");
  fs::remove_all(tree_.directory() + "/.git/objects/" + commit.substr(0, 2));
  EXPECT_EQ(read_git_head(tree_.directory())->commit, commit);
  EXPECT_EQ(read_git_head(tree_.directory())->time, std::nullopt);
  std::ofstream(tree_.directory() + "/.git/HEAD") << std::string(1000, '\xff');
  EXPECT_FALSE(read_git_head(tree_.directory()));
  fs::create_directory(path("broken"));
  std::ofstream(path("broken/.git")) << "gitdir: /nonexistent\n";
  EXPECT_FALSE(read_git_head(path("broken")));
}

}  // namespace
}  // namespace cooper::context
