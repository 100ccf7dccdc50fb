#include "context/git_url.h"

#include <gmock/gmock.h>

#include "support/error_of.h"

namespace cooper::context {
namespace {

using support::error_of;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ContextGitUrl, TakesAUrlApart) {
  GitUrl url = GitUrl::parse("HTTPS://me:p%40ss@Example.com:8443/org/x.git");
  EXPECT_EQ(url.scheme, GitUrl::Scheme::kHttps);
  EXPECT_EQ(url.user, "me");
  EXPECT_EQ(url.password, "p@ss");
  EXPECT_EQ(url.host, "example.com");
  EXPECT_EQ(url.port, 8443);
  EXPECT_EQ(url.path, "/org/x.git");
  EXPECT_EQ(url.authority(), "example.com:8443");
  EXPECT_EQ(url.str(), "https://example.com:8443/org/x.git") << "credentials are shown by nothing";
}

TEST(ContextGitUrl, KnowsTheDefaultPorts) {
  EXPECT_EQ(GitUrl::parse("https://h/x").port, 443);
  EXPECT_EQ(GitUrl::parse("http://h/x").port, 80);
  EXPECT_EQ(GitUrl::parse("ssh://git@h/x").port, 22);
  EXPECT_EQ(GitUrl::parse("git://h/x").port, 9418);
  EXPECT_EQ(GitUrl::parse("https://h:443/x").str(), "https://h/x");
  EXPECT_EQ(GitUrl::parse("https://[::1]:8080/x").authority(), "[::1]:8080");
}

TEST(ContextGitUrl, TakesTheScpForm) {
  GitUrl url = GitUrl::parse("git@example.com:org/x.git");
  EXPECT_EQ(url.scheme, GitUrl::Scheme::kSsh);
  EXPECT_EQ(url.user, "git");
  EXPECT_EQ(url.host, "example.com");
  EXPECT_EQ(url.path, "org/x.git");
  EXPECT_EQ(url.str(), "git@example.com:org/x.git");
}

TEST(ContextGitUrl, RefusesWhatIsOnThisMachine) {
  for (const char* text : {"file:///etc", "/srv/x.git", "../x.git", "x.git", "C:/x", "./a@b:c", "/a@b:c"}) {
    EXPECT_EQ(error_of([&] { GitUrl::parse(text); }).kind(), base::ErrorKind::kContext) << text;
  }
}

TEST(ContextGitUrl, RefusesWhatIsMoreThanAUrl) {
  for (const char* text : {"ext::sh -c id", "ssh://-oProxyCommand=id/x", "ssh://-oProxyCommand=id@h/x",
                           "-oProxyCommand=id@h:x", "git@-oProxyCommand=id:x", "ssh://git@h/x\ny", "git@h:-u",
                           "ssh://h$(id)/x", "https://h", "https://h/", "https://h:0/x", "https://h:99999/x",
                           "https:///x", "ssh://:x@h/x", "fd::17", "https://h o/x"}) {
    EXPECT_EQ(error_of([&] { GitUrl::parse(text); }).kind(), base::ErrorKind::kContext) << text;
  }
}

TEST(ContextGitUrl, ErrorsShowNoCredentials) {
  base::Error error = error_of([] { GitUrl::parse("ftp://me:se/cret@secret@host/x"); });
  EXPECT_EQ(error.message(), "git repository 'ftp://host/x': the scheme 'ftp' is not allowed");
  error = error_of([] { GitUrl::parse("https://me:secret@h:port/x"); });
  EXPECT_THAT(error.render(), Not(HasSubstr("secret")));
}

TEST(ContextGitUrl, ResolvesSubmodulesBesideTheirParent) {
  GitUrl parent = GitUrl::parse("https://me:pw@h/org/a.git");
  EXPECT_EQ(parent.resolve("../b.git").str(), "https://h/org/b.git");
  EXPECT_EQ(parent.resolve("../../other/b.git").str(), "https://h/other/b.git");
  EXPECT_EQ(parent.resolve("./b.git").str(), "https://h/org/a.git/b.git");
  EXPECT_EQ(parent.resolve("../b.git").password, "pw");
  EXPECT_EQ(GitUrl::parse("https://h/org/a.git/").resolve("../b").str(), "https://h/org/b");
  EXPECT_EQ(GitUrl::parse("git@h:org/a.git").resolve("../b.git").str(), "git@h:org/b.git");
  EXPECT_EQ(GitUrl::parse("git@h:a.git").resolve("../b.git").str(), "git@h:b.git");
  EXPECT_EQ(parent.resolve("ssh://git@other/b.git").str(), "ssh://git@other/b.git");
}

TEST(ContextGitUrl, SubmodulesDoNotLeaveTheHost) {
  GitUrl parent = GitUrl::parse("https://h/a.git");
  EXPECT_EQ(parent.resolve("../b.git").str(), "https://h/b.git");
  EXPECT_THAT(error_of([&] { parent.resolve("../../b.git"); }).message(), HasSubstr("leaves the host"));
  EXPECT_THAT(error_of([] { GitUrl::parse("git@h:a.git").resolve("../../b"); }).message(),
              HasSubstr("leaves the host"));
  for (const char* text : {"/etc", "file:///etc", "ext::id", "b.git"}) {
    EXPECT_EQ(error_of([&] { parent.resolve(text); }).kind(), base::ErrorKind::kContext) << text;
  }
}

TEST(ContextGitUrl, CredentialsStayWithinOneOrigin) {
  GitUrl parent = GitUrl::parse("https://me:pw@h/a.git");
  EXPECT_EQ(parent.resolve("https://h/b.git").password, "pw");
  EXPECT_EQ(parent.resolve("https://other/b.git").password, "");
  EXPECT_EQ(parent.resolve("http://h/b.git").password, "");
  EXPECT_EQ(parent.resolve("https://h:8443/b.git").password, "");
}

}  // namespace
}  // namespace cooper::context
