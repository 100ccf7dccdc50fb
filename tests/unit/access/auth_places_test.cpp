#include "access/auth_places.h"

#include <gmock/gmock.h>

#include "support/error_of.h"

namespace cooper::access {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> places(const std::map<std::string, std::string>& environment) {
  std::vector<std::string> lines;
  for (const AuthPlace& place : auth_places(environment))
    lines.push_back(!place.path.empty() ? place.path : place.text.empty() ? place.source : "text");
  return lines;
}

TEST(AccessAuthPlaces, AreThoseOfDockerAndPodman) {
  EXPECT_THAT(places({{"HOME", "/home/ci"}, {"XDG_RUNTIME_DIR", "/run/user/1"}}),
              ElementsAre("DOCKER_AUTH_CONFIG is not set", "/home/ci/.docker/config.json",
                          "/run/user/1/containers/auth.json", "/home/ci/.config/containers/auth.json"));
  EXPECT_THAT(places({{"HOME", "/home/ci"}, {"XDG_CONFIG_HOME", "/etc/ci"}}),
              ElementsAre("DOCKER_AUTH_CONFIG is not set", "/home/ci/.docker/config.json",
                          "/etc/ci/containers/auth.json"));
  EXPECT_THAT(places({}),
              ElementsAre("DOCKER_AUTH_CONFIG is not set", "neither DOCKER_CONFIG nor HOME is set"));
}

TEST(AccessAuthPlaces, VariablesReplaceTheUsualFiles) {
  EXPECT_THAT(places({{"HOME", "/home/ci"},
                      {"DOCKER_AUTH_CONFIG", " {\"auths\":{}}"},
                      {"DOCKER_CONFIG", "/tmp/docker"},
                      {"REGISTRY_AUTH_FILE", "/tmp/auth.json"},
                      {"XDG_RUNTIME_DIR", "/run/user/1"}}),
              ElementsAre("text", "/tmp/docker/config.json", "/tmp/auth.json"));
}

// GitLab's variables of the type "file" hold the path of a file with the value.
TEST(AccessAuthPlaces, DockerAuthConfigMayBeAPath) {
  EXPECT_THAT(places({{"DOCKER_AUTH_CONFIG", "/builds/x.tmp/DOCKER_AUTH_CONFIG"}, {"HOME", "/h"}}).front(),
              "/builds/x.tmp/DOCKER_AUTH_CONFIG");
}

TEST(AccessAuthPlaces, LoginsAreKeptWhereDockerKeepsThem) {
  EXPECT_EQ(docker_config_path({{"HOME", "/h"}}), "/h/.docker/config.json");
  EXPECT_EQ(docker_config_path({{"HOME", "/h"}, {"DOCKER_CONFIG", "/d"}}), "/d/config.json");
  EXPECT_EQ(support::error_of([] { docker_config_path({}); }).kind(), base::ErrorKind::kUsage);
}

}  // namespace
}  // namespace cooper::access
