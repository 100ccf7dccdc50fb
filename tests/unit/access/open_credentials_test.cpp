#include "access/open_credentials.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>

#include "os/beneath.h"
#include "support/error_of.h"

namespace cooper::access {
namespace {

cloud::CloudContext with(std::map<std::string, std::string> variables) {
  cloud::CloudContext context;
  context.environment = std::move(variables);
  return context;
}

using support::error_of;

class AccessOpenCredentials : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  void write(const std::string& name, const std::string& content) {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name)) << content;
  }
  // "user:password" for `host` in Docker's form; the argument is its base64.
  static std::string config(const std::string& host, const std::string& base64) {
    return R"({"auths":{")" + host + R"(":{"auth":")" + base64 + R"("}}})";
  }
  os::TempDir directory_{testing::TempDir(), "credentials-"};
};

TEST_F(AccessOpenCredentials, NobodyWithoutAFile) {
  EXPECT_EQ(open_credentials(with({{"HOME", path("none")}}))->find("r.example", "app", {}).found,
            std::nullopt);
}

TEST_F(AccessOpenCredentials, ComeFromTheHomeDirectory) {
  write("home/.docker/config.json", config("r.example", "bWU6c2VjcmV0"));
  auto store = open_credentials(with({{"HOME", path("home")}}));
  auto credential = store->find("r.example", "app", {}).found;
  ASSERT_TRUE(credential);
  EXPECT_EQ(credential->username, "me");
  EXPECT_EQ(credential->password, "secret");
  EXPECT_EQ(store->find("other.example", "app", {}).found, std::nullopt);
}

TEST_F(AccessOpenCredentials, TheNearestSourceWins) {
  write("home/.docker/config.json", config("r.example", "bWU6c2VjcmV0"));
  write("other/config.json", config("r.example", "eW91OnNlY3JldA=="));
  std::map<std::string, std::string> variables = {{"HOME", path("home")}, {"DOCKER_CONFIG", path("other")}};
  EXPECT_EQ(open_credentials(with(variables))->find("r.example", "app", {}).found->username, "you");
  variables["DOCKER_AUTH_CONFIG"] = config("r.example", "dGhleTpzZWNyZXQ=");
  EXPECT_EQ(open_credentials(with(variables))->find("r.example", "app", {}).found->username, "they");
  variables["DOCKER_AUTH_CONFIG"] = "";
  EXPECT_EQ(open_credentials(with(variables))->find("r.example", "app", {}).found->username, "you");
}

TEST_F(AccessOpenCredentials, AMalformedFileIsNamed) {
  write("home/.docker/config.json", "{");
  base::Error error = error_of([&] { open_credentials(with({{"HOME", path("home")}})); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
  EXPECT_NE(error.summary().find(path("home/.docker/config.json")), std::string::npos) << error.summary();
}

// Helpers are found by the process's own PATH.
class AccessCredentialHelper : public AccessOpenCredentials {
 protected:
  AccessCredentialHelper() : path_before_(::getenv("PATH")) {
    ::setenv("PATH", (directory_.path() + ":" + path_before_).c_str(), 1);
  }
  ~AccessCredentialHelper() override { ::setenv("PATH", path_before_.c_str(), 1); }
  std::optional<registry::Credential> ask(const std::string& script) {
    write("docker-credential-fake", "#!/bin/sh\n" + script);
    std::filesystem::permissions(path("docker-credential-fake"), std::filesystem::perms::owner_all);
    store_ = open_credentials(with({{"DOCKER_AUTH_CONFIG", R"({"credsStore":"fake"})"}}));
    search_ = store_->find("r.example", "app", {});
    return search_.found;
  }
  std::string path_before_;
  std::shared_ptr<registry::CredentialStore> store_;
  registry::CredentialSearch search_;
};

TEST_F(AccessCredentialHelper, GetsTheServerAndGivesASecret) {
  auto credential =
      ask("read server; echo \"{\\\"Username\\\":\\\"$1 $server\\\",\\\"Secret\\\":\\\"s\\\"}\"\n");
  ASSERT_TRUE(credential);
  EXPECT_EQ(credential->username, "get r.example");
  EXPECT_EQ(credential->password, "s");
}

TEST_F(AccessCredentialHelper, MayKnowNothing) {
  EXPECT_EQ(ask("echo 'credentials not found in native keychain'; exit 1\n"), std::nullopt);
}

// The pull is tried without credentials; when that fails too, the registry's error says what was tried.
TEST_F(AccessCredentialHelper, AFailureIsRemembered) {
  EXPECT_EQ(ask("echo 'keychain is locked' >&2; exit 1\n"), std::nullopt);
  EXPECT_THAT(search_.tried, testing::Contains(testing::HasSubstr("keychain is locked")));
}

// Errors come on standard output; a secret that a broken helper writes there does not become one.
TEST_F(AccessCredentialHelper, SaysWhyOnStandardOutputAndShowsNoSecret) {
  ask("echo 'the vault is sealed'; exit 1\n");
  EXPECT_THAT(search_.tried, testing::Contains(testing::HasSubstr("the vault is sealed")));
  ask("echo '{\"Username\":\"u\",\"Secret\":\"opensesame\"}'; exit 1\n");
  EXPECT_THAT(search_.tried, testing::Contains(testing::HasSubstr("exit code 1")));
  EXPECT_THAT(search_.tried, testing::Not(testing::Contains(testing::HasSubstr("opensesame"))));
}

TEST_F(AccessCredentialHelper, MayGiveARefreshToken) {
  const auto credential = ask("echo '{\"Username\":\"<token>\",\"Secret\":\"refresh\"}'\n");
  ASSERT_TRUE(credential);
  EXPECT_EQ(credential->identity_token, "refresh");
  EXPECT_EQ(credential->username, "");
}

TEST_F(AccessOpenCredentials, TheFlagComesFirstAndEveryPlaceIsTold) {
  std::map<std::string, std::string> variables = {
      {"HOME", path("home")},
      {"DOCKER_AUTH_CONFIG", config("r.example", "dGhleTpzZWNyZXQ=")},
      {"P", "secret"}};
  auto store =
      open_credentials(with(variables), {{"host=r.example,username=flag,password-env=P"}, {}, false});
  EXPECT_EQ(store->find("r.example", "app", {}).found->username, "flag");
  EXPECT_THAT(store->find("x.example", "app", {}).tried,
              testing::ElementsAre("--registry-auth is for 'r.example'",
                                   "$DOCKER_AUTH_CONFIG has nothing for 'x.example'",
                                   path("home/.docker/config.json") + " does not exist",
                                   path("home/.config/containers/auth.json") + " does not exist",
                                   "the CI's environment has nothing for 'x.example'"));
}

TEST_F(AccessOpenCredentials, PodmansFilesCountToo) {
  write("auth.json", config("r.example", "bWU6c2VjcmV0"));
  write("home/.config/containers/auth.json", config("r.example", "eW91OnNlY3JldA=="));
  std::map<std::string, std::string> variables = {{"HOME", path("home")}};
  EXPECT_EQ(open_credentials(with(variables))->find("r.example", "app", {}).found->username, "you");
  variables["REGISTRY_AUTH_FILE"] = path("auth.json");
  EXPECT_EQ(open_credentials(with(variables))->find("r.example", "app", {}).found->username, "me");
  variables["DOCKER_AUTH_CONFIG"] = path("home/.config/containers/auth.json");
  EXPECT_EQ(open_credentials(with(variables))->find("r.example", "app", {}).found->username, "you");
}

TEST_F(AccessOpenCredentials, OnlyThePlacesThatWereNamedAreAsked) {
  const std::map<std::string, std::string> variables = {{"HOME", path("none")},
                                                        {"CI_REGISTRY", "r.example"},
                                                        {"CI_REGISTRY_USER", "ci"},
                                                        {"CI_REGISTRY_PASSWORD", "secret"},
                                                        {"KANIKO_R_EXAMPLE_USER", "named"},
                                                        {"KANIKO_R_EXAMPLE_PASSWORD", "secret"}};
  CredentialOptions options;
  EXPECT_EQ(open_credentials(with(variables), options)->find("r.example", "app", {}).found->username, "ci");
  options.kaniko_variables = true;
  EXPECT_EQ(open_credentials(with(variables), options)->find("r.example", "app", {}).found->username,
            "named");
  options.places = {"gitlab"};
  EXPECT_EQ(open_credentials(with(variables), options)->find("r.example", "app", {}).found->username, "ci");
  options.places.emplace();
  EXPECT_EQ(open_credentials(with(variables), options)->find("r.example", "app", {}).found, std::nullopt);
}

}  // namespace
}  // namespace cooper::access
