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

}  // namespace
}  // namespace cooper::graph
