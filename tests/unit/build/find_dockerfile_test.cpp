#include "build/find_dockerfile.h"

#include <gmock/gmock.h>

#include "ops/archive_tree.h"
#include "tests/unit/build/context_fixture.h"

namespace cooper::build {
namespace {

using support::error_of;
using support::LayerTar;
using ::testing::HasSubstr;
using ::testing::Not;

class BuildFindDockerfile : public ContextFixture {
 protected:
  DockerfileFinder finder() { return {request_, tools_.standard_input, http_}; }
  FoundDockerfile in_directory() { return finder().in_directory(path("context"), {}); }
  FoundDockerfile in_tree(const LayerTar& tar) {
    support::StringSource source(tar.bytes());
    return finder().in_tree(*ops::ArchiveTree::unpack(source, "tar", store_->make_temp("t-"), 0), {});
  }
};

TEST_F(BuildFindDockerfile, LowerCaseWillDo) {
  write("context/dockerfile", "FROM lower\n");
  EXPECT_EQ(in_directory().text, "FROM lower\n");
  EXPECT_EQ(in_tree(LayerTar().file("dockerfile", "FROM lower\n")).name, "dockerfile");
  write("context/Dockerfile", "FROM upper\n");
  EXPECT_EQ(in_directory().text, "FROM upper\n");
  EXPECT_EQ(in_tree(LayerTar().file("dockerfile", "1").file("Dockerfile", "2")).text, "2");
}

TEST_F(BuildFindDockerfile, WithADirectoryAPathIsTheWorkingDirectorys) {
  write("other/My.dockerfile", "FROM other\n");
  write("other/My.dockerfile.dockerignore", "a\n");
  request_.dockerfile = path("other/My.dockerfile");
  FoundDockerfile found = in_directory();
  EXPECT_EQ(found.text, "FROM other\n");
  EXPECT_EQ(found.name, path("other/My.dockerfile"));
  EXPECT_EQ(found.ignore, "a\n");
  request_.dockerfile_text = "FROM given\n";
  EXPECT_EQ(in_directory().text, "FROM given\n");
}

TEST_F(BuildFindDockerfile, InATreeAPathIsOfTheTree) {
  LayerTar tar;
  tar.file("docker/App", "FROM app\n").file("docker/App.dockerignore", "b\n").symlink("link", "/docker/App");
  request_.dockerfile = "docker/App";
  FoundDockerfile found = in_tree(tar);
  EXPECT_EQ(found.text, "FROM app\n");
  EXPECT_EQ(found.name, "docker/App");
  EXPECT_EQ(found.ignore, "b\n");
  request_.dockerfile = "./docker/../link";
  EXPECT_EQ(in_tree(tar).text, "FROM app\n");
  request_.dockerfile = "../../docker/App";
  EXPECT_EQ(in_tree(tar).text, "FROM app\n") << "nothing lies above the root";
  request_.dockerfile = "docker";
  EXPECT_EQ(error_of([&] { in_tree(tar); }).message(), "'docker' in the context is no file");
  request_.dockerfile = "gone";
  EXPECT_EQ(error_of([&] { in_tree(tar); }).message(), "the build context has no Dockerfile 'gone'");
}

TEST_F(BuildFindDockerfile, AnAbsolutePathIsAFileHere) {
  write("own", "FROM own\n");
  write("own.dockerignore", "c\n");
  request_.dockerfile = path("own");
  EXPECT_TRUE(finder().is_elsewhere());
  FoundDockerfile found = in_tree(LayerTar().file("Dockerfile", "FROM tar\n"));
  EXPECT_EQ(found.text, "FROM own\n");
  EXPECT_EQ(found.ignore, "c\n");
}

TEST_F(BuildFindDockerfile, ADashIsStandardInput) {
  give_input("FROM input\n");
  request_.dockerfile = "-";
  FoundDockerfile found = in_directory();
  EXPECT_EQ(found.text, "FROM input\n");
  EXPECT_EQ(found.name, "Dockerfile");
  EXPECT_EQ(found.ignore, std::nullopt);
}

TEST_F(BuildFindDockerfile, AUrlIsFetched) {
  served_["/Dockerfile.app"] = "FROM web\n";
  request_.dockerfile = "http://user:secret@" + server_.host() + "/Dockerfile.app";
  FoundDockerfile found = in_directory();
  EXPECT_EQ(found.text, "FROM web\n");
  EXPECT_THAT(found.name, Not(HasSubstr("secret")));
  request_.dockerfile = server_.url("/gone");
  EXPECT_THAT(error_of([&] { in_directory(); }).message(), HasSubstr("404"));
}

}  // namespace
}  // namespace cooper::build
