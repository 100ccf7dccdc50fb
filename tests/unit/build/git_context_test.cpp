#include "build/git_context.h"

#include <filesystem>
#include <gtest/gtest.h>

#include "support/fake_ssh.h"
#include "support/git_work_tree.h"
#include "tests/unit/build/context_fixture.h"

namespace cooper::build {
namespace {

using support::error_of;
using NamedKind = dockerfile::NamedContext::Kind;

TEST(BuildGitContextSource, ReadsTheUrl) {
  graph::GitSource source = git_context_source("https://h/x.git#v1:sub", {});
  EXPECT_EQ(source.url, "https://h/x.git");
  EXPECT_EQ(source.ref, "v1");
  EXPECT_EQ(source.subdir, "sub");
  EXPECT_FALSE(source.keep_git_dir);
  EXPECT_TRUE(source.submodules);
  EXPECT_EQ(git_context_source("git@h:org/x", {}).url, "git@h:org/x");
}

TEST(BuildGitContextSource, TheArgumentOrTheUrlAsksForTheGitDirectory) {
  const std::string url = "https://h/x.git";
  EXPECT_TRUE(git_context_source(url, {{"BUILDKIT_CONTEXT_KEEP_GIT_DIR", "1"}}).keep_git_dir);
  EXPECT_FALSE(git_context_source(url, {{"BUILDKIT_CONTEXT_KEEP_GIT_DIR", "0"}}).keep_git_dir);
  EXPECT_TRUE(git_context_source(url + "?keep-git-dir=true", {}).keep_git_dir);
  base::Error error = error_of([&] {
    git_context_source(url, {{"BUILDKIT_CONTEXT_KEEP_GIT_DIR", "perhaps"}});
  });
  EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
}

class BuildGitContext : public ContextFixture {
 protected:
  BuildGitContext() {
    origin_.write("Dockerfile", "FROM scratch\n");
    origin_.write("sub/other.dockerfile", "FROM other\n");
    origin_.write("sub/dockerfile", "FROM lower\n");
    origin_.write(".dockerignore", "*\n");
    origin_.commit_file("file", "one");
    origin_.git({"tag", "v1"});
    origin_.commit_file("file", "two");
    git_options_.access.ssh_agent = [] { return "/agent"; };
    git_options_.access.ssh_program = support::make_fake_ssh(path("."));
    use_git();
    request_.context = url();
  }
  std::string url() const { return "ssh://git@host" + origin_.directory(); }

  support::GitWorkTree origin_{path("origin")};
};

TEST_F(BuildGitContext, HoldsItsDockerfileAndFilesWithoutAnyIgnoreFile) {
  request_.context += "#v1";
  OpenedContext opened = open();
  EXPECT_EQ(opened.dockerfile_text, "FROM scratch\n");
  EXPECT_EQ(opened.dockerfile_name, "Dockerfile");
  EXPECT_EQ(opened.trees.at("context")->lookup("file")->size, 3U);
  EXPECT_EQ(opened.trees.at("context")->lookup(".git"), std::nullopt);
}

TEST_F(BuildGitContext, TheCommitsTimeIsTheImagesUnlessThereIsAnother) {
  EXPECT_EQ(open().commit_time, 1'700'000'001);
  EXPECT_EQ(open().times.at("context"), 1'700'000'001);
  request_.epoch = 1;
  EXPECT_EQ(open().commit_time, std::nullopt);
}

TEST_F(BuildGitContext, TheFileIsInTheSubdirectory) {
  request_.context += "#main:sub";
  EXPECT_EQ(open().dockerfile_text, "FROM lower\n");
  request_.dockerfile = "other.dockerfile";
  EXPECT_EQ(open().dockerfile_text, "FROM other\n");
  request_.dockerfile = "../../other.dockerfile";
  EXPECT_EQ(open().dockerfile_text, "FROM other\n") << "never outside";
  request_.dockerfile = "none";
  EXPECT_EQ(open_error().kind(), base::ErrorKind::kContext);
}

TEST_F(BuildGitContext, ALinkOfTheRepositoryLeadsNowhereElse) {
  origin_.git({"config", "core.symlinks", "true"});
  std::filesystem::create_symlink("/etc/passwd", origin_.directory() + "/link");
  origin_.commit("link");
  request_.dockerfile = "link";
  EXPECT_EQ(open_error().kind(), base::ErrorKind::kContext);
}

TEST_F(BuildGitContext, IsNamedForTheFrontend) {
  write("context/Dockerfile", "FROM scratch\n");
  request_.context = path("context");
  request_.named_contexts["src"] = url() + "#v1";
  OpenedContext opened = open();
  EXPECT_EQ(opened.named.at("src").kind, NamedKind::kGit);
  EXPECT_EQ(opened.named.at("src").value, url() + "#v1");
}

}  // namespace
}  // namespace cooper::build
