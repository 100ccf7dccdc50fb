#include "context/git_modules.h"

#include <gmock/gmock.h>

#include "support/error_of.h"

namespace cooper::context {
namespace {

using support::error_of;
using ::testing::HasSubstr;

TEST(ContextGitModules, ReadsNamesPathsAndUrls) {
  const auto modules = read_git_modules(
      "[submodule \"b.c\"]\n\tpath = vendor/b\n\turl = ../b.git\n"
      "[submodule \"A\"]\n\tpath = a dir\n\turl = \"https://h/a.git\"\n\tupdate = none\n\tbranch = x\n"
      "[core]\n\teditor = x\n[submodule]\n\trecurse = true\n");
  ASSERT_EQ(modules.size(), 2U);
  EXPECT_EQ(modules[0].name, "A");
  EXPECT_EQ(modules[0].path, "a dir");
  EXPECT_EQ(modules[0].url, "https://h/a.git");
  EXPECT_TRUE(modules[0].skip);
  EXPECT_EQ(modules[1].name, "b.c");
  EXPECT_EQ(modules[1].url, "../b.git");
  EXPECT_FALSE(modules[1].skip);
}

TEST(ContextGitModules, AnEmptyFileHasNone) {
  EXPECT_TRUE(read_git_modules("").empty());
  EXPECT_TRUE(read_git_modules("# nothing\n").empty());
}

TEST(ContextGitModules, OtherFilesAreNotIncluded) {
  for (const char* text :
       {"[include]\npath = /etc/passwd\n", "[ INCLUDE ]\n\tpath = x\n",
        "[core]\n\tx = y\n[includeIf \"gitdir:/\"]\npath = x\n", "[a] [include] path = x\n"}) {
    EXPECT_THAT(error_of([&] { read_git_modules(text); }).message(), HasSubstr("includes other files"))
        << text;
  }
}

TEST(ContextGitModules, NamesStayInTheirDirectory) {
  for (const char* name : {"../x", "a/../../x", "/x", "a//b", ".", ".."}) {
    const std::string text = std::string("[submodule \"") + name + "\"]\n\tpath = x\n\turl = https://h/x\n";
    EXPECT_THAT(error_of([&] { read_git_modules(text); }).message(), HasSubstr("no name for a submodule"))
        << name;
  }
  EXPECT_THAT(error_of([&] {
                read_git_modules("[submodule \"a\"]\npath = a\n[submodule \"a/hooks\"]\npath = b\n");
              }).message(),
              HasSubstr("named as a part of 'a'"));
}

TEST(ContextGitModules, WhatCannotBeReadIsAnError) {
  EXPECT_EQ(error_of([] { read_git_modules("[submodule \"x\npath"); }).kind(), base::ErrorKind::kContext);
}

}  // namespace
}  // namespace cooper::context
