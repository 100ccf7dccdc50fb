#include "access/docker_config.h"

#include <gtest/gtest.h>

#include "access/credential_helper.h"
#include "base/base64.h"
#include "base/error.h"

namespace cooper::access {

namespace {

std::string auths(const std::string& inner) {
  return R"({"auths":{)" + inner + "}}";
}

std::string entry(const std::string& server, const std::string& user_and_password) {
  return "\"" + server + R"(":{"auth":")" + base::base64_encode(user_and_password) + "\"}";
}

}  // namespace

TEST(AccessDockerConfig, ReadsAuths) {
  DockerConfigCredentials store(auths(entry("ghcr.io", "ci:pass:word")), "config.json", {});
  auto found = store.find("ghcr.io", "team/app", {}).found;
  ASSERT_TRUE(found);
  EXPECT_EQ(found->username, "ci");
  EXPECT_EQ(found->password, "pass:word");
  EXPECT_EQ(found->source, "config.json");
  EXPECT_FALSE(store.find("quay.io", "team/app", {}).found);
  EXPECT_EQ(store.find("quay.io", "team/app", {}).tried,
            std::vector<std::string>{"config.json has nothing for 'quay.io'"});
}

TEST(AccessDockerConfig, KnowsDockerHubByAllItsNames) {
  for (const char* name :
       {"https://index.docker.io/v1/", "index.docker.io", "docker.io", "https://registry-1.docker.io"}) {
    DockerConfigCredentials store(auths(entry(name, "u:p")), "config.json", {});
    EXPECT_TRUE(store.find("docker.io", "library/debian", {}).found) << name;
  }
}

TEST(AccessDockerConfig, TheMostSpecificPathWins) {
  DockerConfigCredentials store(auths(entry("r.example", "host:x") + "," + entry("r.example/team", "team:x") +
                                      "," + entry("r.example/team/app", "app:x")),
                                "config.json", {});
  EXPECT_EQ(store.find("r.example", "team/app", {}).found->username, "app");
  EXPECT_EQ(store.find("r.example", "team/app/sub", {}).found->username, "app");
  EXPECT_EQ(store.find("r.example", "team/other", {}).found->username, "team");
  EXPECT_EQ(store.find("r.example", "teams/app", {}).found->username, "host");
}

TEST(AccessDockerConfig, ReadsTokens) {
  DockerConfigCredentials store(
      auths(
          R"("a.example":{"identitytoken":"i"},"b.example":{"registrytoken":"r"},"c.example":{}, "d.example":{"username":"u","password":"p"})"),
      "config.json", {});
  EXPECT_EQ(store.find("a.example", "x", {}).found->identity_token, "i");
  EXPECT_EQ(store.find("b.example", "x", {}).found->registry_token, "r");
  EXPECT_FALSE(store.find("c.example", "x", {}).found);
  EXPECT_EQ(store.find("d.example", "x", {}).found->password, "p");
}

TEST(AccessDockerConfig, AsksTheHelperOfTheHostThenTheStore) {
  std::vector<std::string> asked;
  auto helper = [&](const std::string& name, const std::string& server,
                    const std::stop_token&) -> std::optional<std::string> {
    asked.push_back(name + " " + server);
    if (name == "gcr") return R"({"ServerURL":"gcr.io","Username":"<token>","Secret":"refresh"})";
    if (server == "https://index.docker.io/v1/") return R"({"Username":"hub","Secret":"s"})";
    return std::nullopt;
  };
  DockerConfigCredentials store(R"({"credHelpers":{"gcr.io":"gcr"},"credsStore":"desktop"})", "config.json",
                                helper);
  auto gcr = store.find("gcr.io", "p/app", {}).found;
  EXPECT_EQ(gcr->identity_token, "refresh");
  EXPECT_EQ(gcr->source, "docker-credential-gcr");
  EXPECT_EQ(store.find("docker.io", "library/debian", {}).found->username, "hub");
  EXPECT_FALSE(store.find("quay.io", "x", {}).found);
  EXPECT_EQ(asked, (std::vector<std::string>{"gcr gcr.io", "desktop https://index.docker.io/v1/",
                                             "desktop quay.io"}));
}

TEST(AccessDockerConfig, ABrokenHelperIsTriedAndTold) {
  auto helper = [](const std::string&, const std::string&,
                   const std::stop_token&) -> std::optional<std::string> {
    throw base::Error(base::ErrorKind::kIo, "cannot run it");
  };
  DockerConfigCredentials store(R"({"credsStore":"x","auths":{"a.example":{"username":"u","password":"p"}}})",
                                "config.json", helper);
  const registry::CredentialSearch search = store.find("a.example", "y", {});
  EXPECT_EQ(search.found->username, "u");
  ASSERT_EQ(search.tried.size(), 1U);
  EXPECT_NE(search.tried[0].find("docker-credential-x failed for 'a.example': cannot run it"),
            std::string::npos);
}

TEST(AccessDockerConfig, ServersAreKnownByAllTheirSpellings) {
  for (const auto& [text, server] :
       std::vector<std::pair<std::string, std::string>>{{"r.example", "r.example"},
                                                        {"r.example:5000", "r.example:5000"},
                                                        {"https://r.example", "r.example"},
                                                        {"https://r.example/", "r.example"},
                                                        {"https://r.example/v1/", "r.example"},
                                                        {"http://r.example/v2", "r.example"},
                                                        {"https://r.example:443/v2/", "r.example"},
                                                        {"r.example:443/team", "r.example/team"},
                                                        {"r.example/team/v1", "r.example/team/v1"},
                                                        {"docker.io/library", "docker.io/library"},
                                                        {"", ""},
                                                        {":443", ":443"}}) {
    EXPECT_EQ(canonical_server(text), server) << text;
  }
}

TEST(AccessDockerConfig, HelpersAreChosenByAnySpellingToo) {
  auto helper = [](const std::string&, const std::string&,
                   const std::stop_token&) -> std::optional<std::string> {
    return R"({"Username":"u","Secret":"s"})";
  };
  DockerConfigCredentials store(R"({"credHelpers":{"https://r.example/v2/":"pass"}})", "config.json", helper);
  EXPECT_TRUE(store.find("r.example", "app", {}).found);
  EXPECT_FALSE(store.find("r.example:5000", "app", {}).found);
}

TEST(AccessDockerConfig, AMissingHelperOfACloudLeavesTheWorkToUs) {
  DockerConfigCredentials store(
      R"({"credHelpers":{"123456789012.dkr.ecr.eu-west-1.amazonaws.com":"none-such","r.example":"none-such"}})",
      "config.json", ask_helper);
  EXPECT_EQ(store.find("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "app", {}).tried.at(0),
            "docker-credential-none-such is not installed, so cooper asks the cloud itself");
  EXPECT_EQ(store.find("r.example", "app", {}).tried.at(0), "docker-credential-none-such is not installed");
}

// Robots of Quay ("org+robot") and Harbor ("robot$x") are ordinary names.
TEST(AccessDockerConfig, NamesAndPasswordsAreTakenAsTheyAre) {
  for (const char* pair : {"org+robot:p+w", "robot$team:$x:y$", "$oauthtoken:%2B", "u:"}) {
    DockerConfigCredentials store(auths(entry("quay.io", pair)), "config.json", {});
    const auto found = store.find("quay.io", "org/app", {}).found;
    ASSERT_TRUE(found) << pair;
    EXPECT_EQ(found->username + ":" + found->password, pair);
  }
}

TEST(AccessDockerConfig, NamesWhatIsMalformedWithoutShowingIt) {
  for (const char* text :
       {"[]", "{", R"({"auths":{"a":{"auth":"c2VjcmV0"}}})", R"({"auths":{"a":{"auth":"!"}}})"}) {
    try {
      DockerConfigCredentials store(text, "config.json", {});
      ADD_FAILURE() << text;
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
      EXPECT_EQ(error.render().find("secret"), std::string::npos);
    }
  }
  EXPECT_NO_THROW(DockerConfigCredentials("", "config.json", {}));
  EXPECT_NO_THROW(
      DockerConfigCredentials(R"({"auths":[],"credHelpers":7,"credsStore":{}})", "config.json", {}));
}

}  // namespace cooper::access
