#include "access/ci_credentials.h"

#include <gmock/gmock.h>

namespace cooper::access {
namespace {

using ::testing::ElementsAre;

registry::CredentialSearch find(const std::map<std::string, std::string>& environment,
                                const std::string& host) {
  return NamedCredentials(ci_credentials(environment), "the CI's environment").find(host, "group/app", {});
}

std::string login(const std::map<std::string, std::string>& environment, const std::string& host) {
  const auto found = find(environment, host).found;
  return found ? found->username + ":" + found->password : "nobody";
}

TEST(AccessCiCredentials, GitLabsRegistry) {
  std::map<std::string, std::string> job = {{"CI_REGISTRY", "registry.example:5050"},
                                            {"CI_REGISTRY_USER", "gitlab-ci-token"},
                                            {"CI_REGISTRY_PASSWORD", "job"},
                                            {"CI_DEPLOY_USER", "deploy+1"},
                                            {"CI_DEPLOY_PASSWORD", "later"}};
  EXPECT_EQ(login(job, "registry.example:5050"), "gitlab-ci-token:job");
  EXPECT_EQ(login(job, "registry.example"), "nobody");
  EXPECT_EQ(login(job, "docker.io"), "nobody");
  job.erase("CI_REGISTRY_PASSWORD");
  EXPECT_EQ(login(job, "registry.example:5050"), "deploy+1:later");
  job["CI_JOB_TOKEN"] = "token";
  EXPECT_EQ(login(job, "registry.example:5050"), "gitlab-ci-token:token");
  EXPECT_EQ(find(job, "registry.example:5050").found->source, "$CI_JOB_TOKEN");
  job["CI_REGISTRY"] = "registry.gitlab.com:443";
  EXPECT_EQ(login(job, "registry.gitlab.com"), "gitlab-ci-token:token");
  EXPECT_EQ(login(job, "registry.gitlab.com:443"), "gitlab-ci-token:token");
}

TEST(AccessCiCredentials, GitLabsDependencyProxyByBothNames) {
  const std::map<std::string, std::string> job = {{"CI_DEPENDENCY_PROXY_SERVER", "gitlab.example:443"},
                                                  {"CI_DEPENDENCY_PROXY_USER", "gitlab-ci-token"},
                                                  {"CI_DEPENDENCY_PROXY_PASSWORD", "p"}};
  EXPECT_EQ(login(job, "gitlab.example:443"), "gitlab-ci-token:p");
  EXPECT_EQ(login(job, "gitlab.example"), "gitlab-ci-token:p");
  EXPECT_EQ(login(job, "gitlab.example:8443"), "nobody");
}

TEST(AccessCiCredentials, GitHubsPackages) {
  std::map<std::string, std::string> job = {{"GITHUB_TOKEN", "ghs_x"}};
  EXPECT_EQ(login(job, "ghcr.io"), "nobody") << "a developer's token need not be one for packages";
  job["GITHUB_ACTOR"] = "octo";
  EXPECT_EQ(login(job, "ghcr.io"), "octo:ghs_x");
  EXPECT_EQ(login(job, "docker.io"), "nobody");
}

TEST(AccessCiCredentials, HarborsRobotsHaveDollarsAndPluses) {
  std::map<std::string, std::string> job = {{"HARBOR_URL", "https://harbor.example/"},
                                            {"HARBOR_USERNAME", "robot$team+ci"},
                                            {"HARBOR_PASSWORD", "p$+%"}};
  EXPECT_EQ(login(job, "harbor.example"), "robot$team+ci:p$+%");
  job["HARBOR_HOST"] = "other.example:8443";
  EXPECT_EQ(login(job, "other.example:8443"), "robot$team+ci:p$+%");
}

TEST(AccessCiCredentials, EmptyVariablesAreNone) {
  const std::map<std::string, std::string> job = {{"CI_REGISTRY", ""},
                                                  {"CI_REGISTRY_USER", "u"},
                                                  {"CI_REGISTRY_PASSWORD", "p"},
                                                  {"GITHUB_TOKEN", ""},
                                                  {"GITHUB_ACTOR", "a"}};
  EXPECT_TRUE(ci_credentials(job).empty());
  EXPECT_THAT(find(job, "ghcr.io").tried, ElementsAre("the CI's environment has nothing for 'ghcr.io'"));
}

}  // namespace
}  // namespace cooper::access
