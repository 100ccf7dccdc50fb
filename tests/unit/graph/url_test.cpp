#include "graph/url.h"

#include <gtest/gtest.h>

namespace cooper::graph {
namespace {

TEST(GraphUrl, LeavesPlainUrlsAlone) {
  for (const char* url : {"https://host/path", "https://host:8080/p?q=a@b#c@d",
                          "git@github.com:owner/repo.git", "", "https://host/a@b", "file:///a@b"}) {
    EXPECT_EQ(without_credentials(url), url);
  }
}

TEST(GraphUrl, RemovesTheUserPartOfWebUrls) {
  EXPECT_EQ(without_credentials("https://token@host/p"), "https://host/p");
  EXPECT_EQ(without_credentials("HTTP://user:pass@host:80?x"), "HTTP://host:80?x");
  EXPECT_EQ(without_credentials("https://user:p@ss@host"), "https://host");
}

TEST(GraphUrl, KeepsTheAccountOfOtherSchemes) {
  EXPECT_EQ(without_credentials("ssh://git@host:22/repo"), "ssh://git@host:22/repo");
  EXPECT_EQ(without_credentials("ssh://git:secret@host/repo"), "ssh://git@host/repo");
}

TEST(GraphUrl, TextsLoseTheCredentialsOfEveryUrl) {
  EXPECT_EQ(text_without_credentials("ADD https://me:secret@h/a \"https://t@h/b\" /x"),
            "ADD https://h/a \"https://h/b\" /x");
  EXPECT_EQ(text_without_credentials("RUN mail a@b.example && echo  ''"), "RUN mail a@b.example && echo  ''");
  EXPECT_EQ(text_without_credentials("ENV A=https://token@h B='http://u:p@h/'"),
            "ENV A=https://h B='http://h/'");
  EXPECT_EQ(text_without_credentials("ssh://git:pw@h/x"), "ssh://git@h/x");
  EXPECT_EQ(text_without_credentials(""), "");
}

}  // namespace
}  // namespace cooper::graph
