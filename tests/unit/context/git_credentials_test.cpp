#include "context/git_credentials.h"

#include <gtest/gtest.h>
#include <map>
#include <vector>

namespace cooper::context {
namespace {

class ContextGitCredentials : public ::testing::Test {
 protected:
  // The header that goes to `url`, "" for none.
  std::string sent_to(const std::string& url, const std::string& main = "") {
    const GitUrl target = GitUrl::parse(url);
    auto found =
        find_git_credential(target, main.empty() ? target : GitUrl::parse(main), [&](const auto& id) {
          auto secret = secrets_.find(id);
          return secret == secrets_.end() ? std::nullopt : std::optional(secret->second);
        });
    origin_ = found ? found->origin : "";
    return found ? found->authorization : "";
  }

  std::map<std::string, std::string> secrets_;
  std::string origin_;
};

TEST_F(ContextGitCredentials, ATokenIsThePasswordOfXAccessToken) {
  secrets_["GIT_AUTH_TOKEN"] = "tok\n";
  EXPECT_EQ(sent_to("https://h/x.git"), "Basic eC1hY2Nlc3MtdG9rZW46dG9r");  // x-access-token:tok
  EXPECT_EQ(origin_, "secret 'GIT_AUTH_TOKEN'");
}

TEST_F(ContextGitCredentials, AHeaderGoesAsItIs) {
  secrets_["GIT_AUTH_HEADER"] = "Bearer abc";
  secrets_["GIT_AUTH_TOKEN"] = "tok";
  EXPECT_EQ(sent_to("https://h/x.git"), "Bearer abc");
}

TEST_F(ContextGitCredentials, ThoseOfTheHostComeFirst) {
  secrets_["GIT_AUTH_HEADER"] = "any";
  secrets_["GIT_AUTH_TOKEN.h"] = "tok";
  EXPECT_NE(sent_to("https://h/x.git"), "any");
  EXPECT_EQ(origin_, "secret 'GIT_AUTH_TOKEN.h'");
  EXPECT_EQ(sent_to("https://other/x.git"), "any");
  secrets_["GIT_AUTH_HEADER.h:8443"] = "port";
  EXPECT_EQ(sent_to("https://h:8443/x.git"), "port");
}

TEST_F(ContextGitCredentials, SubmodulesElsewhereGetOnlyWhatIsTheirs) {
  secrets_["GIT_AUTH_HEADER"] = "main";
  secrets_["GIT_AUTH_HEADER.known"] = "known";
  EXPECT_EQ(sent_to("https://h/sub.git", "https://h/x.git"), "main");
  EXPECT_EQ(sent_to("https://other/sub.git", "https://h/x.git"), "");
  EXPECT_EQ(sent_to("http://h/sub.git", "https://h/x.git"), "");
  EXPECT_EQ(sent_to("https://h:8443/sub.git", "https://h/x.git"), "");
  EXPECT_EQ(sent_to("https://known/sub.git", "https://h/x.git"), "known");
  EXPECT_EQ(sent_to("http://known/sub.git", "https://h/x.git"), "") << "in clear text, and not asked for";
}

TEST_F(ContextGitCredentials, ThoseInTheUrlWin) {
  secrets_["GIT_AUTH_TOKEN"] = "tok";
  EXPECT_EQ(sent_to("https://me:pw@h/x.git"), "Basic bWU6cHc=");
  EXPECT_EQ(origin_, "the credentials in the URL");
}

TEST_F(ContextGitCredentials, OnlyHttpCarriesThem) {
  secrets_["GIT_AUTH_TOKEN"] = "tok";
  EXPECT_EQ(sent_to("ssh://git@h/x.git"), "");
  EXPECT_EQ(sent_to("git://h/x.git"), "");
  EXPECT_EQ(find_git_credential(GitUrl::local("/x"), GitUrl::local("/x"), {}), std::nullopt);
}

}  // namespace
}  // namespace cooper::context
