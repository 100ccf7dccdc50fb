#include "dockerfile/syntax.h"

#include <gtest/gtest.h>

namespace cooper::dockerfile {
namespace {

std::string accepted(const std::string& text, const std::map<std::string, std::string>& build_args = {}) {
  return accept_frontend({"Dockerfile", text, '\\'}, build_args);
}

std::string refused(const std::string& text, const std::map<std::string, std::string>& build_args = {}) {
  try {
    accepted(text, build_args);
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kUnsupported);
    return error.render();
  }
  return "";
}

TEST(DockerfileSyntax, AnswersForDockerfileOfVersionOne) {
  const std::string digest = "@sha256:" + std::string(64, 'a');
  for (const std::string reference :
       {"docker/dockerfile", "docker/dockerfile:1", "docker/dockerfile:1.7", "docker/dockerfile:1.7.0-labs",
        "docker/dockerfile:1-labs", "docker/dockerfile:labs", "docker/dockerfile:experimental",
        "docker.io/docker/dockerfile:1", "index.docker.io/docker/dockerfile:1",
        "docker/dockerfile-upstream:master"}) {
    EXPECT_EQ(accepted("# syntax=" + reference + "\nFROM scratch\n"), reference);
  }
  EXPECT_EQ(accepted("# syntax=docker/dockerfile:1" + digest + "\n"), "docker/dockerfile:1" + digest);
  EXPECT_EQ(accepted("# syntax=docker/dockerfile" + digest + "\n"), "docker/dockerfile" + digest);
}

TEST(DockerfileSyntax, IsSilentWhenNoneIsAskedFor) {
  EXPECT_EQ(accepted("FROM scratch\n"), "");
  EXPECT_EQ(accepted("# a comment\n# syntax=foo/bar\nFROM scratch\n"), "");
}

TEST(DockerfileSyntax, RefusesOtherFrontendsWithTheirLine) {
  EXPECT_EQ(
      refused("# escape=`\n# syntax=foo/bar:2 option\nFROM scratch\n"),
      "Dockerfile:2:10: frontend 'foo/bar:2' is not docker/dockerfile:1, which is built in\n"
      "  # syntax=foo/bar:2 option\n"
      "           ^\n"
      "hint: remove it, or pass --build-arg BUILDKIT_SYNTAX=docker/dockerfile:1 if the file is a Dockerfile");
  EXPECT_NE(refused("# syntax=docker/dockerfile:2\n"), "");
  EXPECT_NE(refused("# syntax=docker/dockerfile:10\n"), "");
  EXPECT_NE(refused("# syntax=docker/dockerfile-other:1\n"), "");
  EXPECT_NE(refused("# syntax=registry.example.com/docker/dockerfile:1\n"), "");
  EXPECT_NE(refused("# syntax=UPPER CASE\n"), "");
  EXPECT_NE(refused("{\"syntax\": \"foo/bar\"}"), "");
}

TEST(DockerfileSyntax, BuildArgumentGoesBeforeTheFile) {
  EXPECT_EQ(accepted("# syntax=foo/bar\n", {{"BUILDKIT_SYNTAX", "docker/dockerfile:1 x"}}),
            "docker/dockerfile:1");
  EXPECT_EQ(accepted("# syntax=docker/dockerfile:1\n", {{"BUILDKIT_SYNTAX", ""}}), "docker/dockerfile:1");
  std::string error = refused("# syntax=docker/dockerfile:1\n", {{"BUILDKIT_SYNTAX", "foo/bar"}});
  EXPECT_EQ(error.substr(0, error.find('\n')),
            "--build-arg BUILDKIT_SYNTAX: frontend 'foo/bar' is not docker/dockerfile:1, which is built in");
}

}  // namespace
}  // namespace cooper::dockerfile
