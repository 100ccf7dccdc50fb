#include "build/open_context.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>

#include "os/beneath.h"
#include "support/error_of.h"

namespace cooper::build {
namespace {

using support::error_of;
using ::testing::HasSubstr;

class BuildOpenContext : public testing::Test {
 protected:
  BuildOpenContext() {
    std::filesystem::create_directory(path("context"));
    request_.context = path("context");
  }
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  void write(const std::string& name, const std::string& content) {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name)) << content;
  }
  bool visible(const std::string& file, const std::string& tree = "context") {
    return open_context(request_).trees.at(tree)->lookup(file).has_value();
  }

  os::TempDir directory_{testing::TempDir(), "open-context-"};
  BuildRequest request_;
};

TEST_F(BuildOpenContext, FindsTheContextsDockerfile) {
  write("context/Dockerfile", "FROM scratch\n");
  OpenedContext opened = open_context(request_);
  EXPECT_EQ(opened.dockerfile_text, "FROM scratch\n");
  EXPECT_EQ(opened.dockerfile_name, path("context/Dockerfile"));
}

TEST_F(BuildOpenContext, LowerCaseWillDo) {
  write("context/dockerfile", "FROM lower\n");
  EXPECT_EQ(open_context(request_).dockerfile_text, "FROM lower\n");
  write("context/Dockerfile", "FROM upper\n");
  EXPECT_EQ(open_context(request_).dockerfile_text, "FROM upper\n");
}

TEST_F(BuildOpenContext, TheDockerfileMayLieElsewhere) {
  write("other/My.dockerfile", "FROM other\n");
  request_.dockerfile = path("other/My.dockerfile");
  EXPECT_EQ(open_context(request_).dockerfile_text, "FROM other\n");
  request_.dockerfile_text = "FROM given\n";
  EXPECT_EQ(open_context(request_).dockerfile_text, "FROM given\n");
}

TEST_F(BuildOpenContext, SaysWhatIsMissing) {
  base::Error error = error_of([&] { open_context(request_); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kContext);
  EXPECT_EQ(error.message(), "no Dockerfile at '" + path("context/Dockerfile") + "'");
  request_.context = path("nowhere");
  EXPECT_EQ(error_of([&] { open_context(request_); }).message(),
            "build context '" + path("nowhere") + "' is not a directory");
  request_.context = "https://example.com/repository.git";
  EXPECT_EQ(error_of([&] { open_context(request_); }).kind(), base::ErrorKind::kUnsupported);
}

TEST_F(BuildOpenContext, TheIgnoreFileOfTheDockerfileWins) {
  write("context/Dockerfile", "");
  write("context/a", "");
  write("context/b", "");
  EXPECT_TRUE(visible("a"));
  write("context/.dockerignore", "a\n");
  EXPECT_FALSE(visible("a"));
  EXPECT_TRUE(open_context(request_).is_ignored("a"));
  EXPECT_FALSE(open_context(request_).is_ignored("b"));
  write("context/Dockerfile.dockerignore", "b\n");
  EXPECT_TRUE(visible("a"));
  EXPECT_FALSE(visible("b"));
}

TEST_F(BuildOpenContext, NamedContextsAreDirectoriesOrImages) {
  write("context/Dockerfile", "");
  write("lib/.dockerignore", "hidden\n");
  write("lib/hidden", "");
  write("lib/shown", "");
  request_.named_contexts = {{"lib", path("lib")}, {"base", "docker-image://debian:12"}};
  OpenedContext opened = open_context(request_);
  EXPECT_EQ(opened.named.at("lib").kind, dockerfile::NamedContext::Kind::kLocal);
  EXPECT_EQ(opened.named.at("base").kind, dockerfile::NamedContext::Kind::kImage);
  EXPECT_EQ(opened.named.at("base").value, "debian:12");
  EXPECT_TRUE(visible("shown", "lib"));
  EXPECT_FALSE(visible("hidden", "lib"));
  request_.named_contexts = {{"lib", "https://example.com/x"}};
  EXPECT_THAT(error_of([&] { open_context(request_); }).message(), HasSubstr("--build-context lib="));
  request_.named_contexts = {{"lib", path("gone")}};
  EXPECT_EQ(error_of([&] { open_context(request_); }).kind(), base::ErrorKind::kContext);
}

TEST_F(BuildOpenContext, NoCommitNoTime) {
  write("context/Dockerfile", "");
  EXPECT_EQ(open_context(request_).commit_time, std::nullopt);
}

}  // namespace
}  // namespace cooper::build
