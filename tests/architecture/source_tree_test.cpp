// The architecture test's own tools: they must see what they look for, or the rules hold for nothing.
#include "architecture/source_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cooper::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

TEST(ArchitectureSourceTree, BlanksCommentsAndLiterals) {
  EXPECT_EQ(blank_comments_and_literals("a // b\nc"), "a     \nc");
  EXPECT_EQ(blank_comments_and_literals("a /* b\nc */ d"), "a     \n     d");
  EXPECT_EQ(blank_comments_and_literals("f(\"a\\\"b\", c)"), "f(      , c)");
  EXPECT_EQ(blank_comments_and_literals("x = '\"'; y"), "x =    ; y");
  EXPECT_EQ(blank_comments_and_literals("n = 1'000 + k"), "n = 1'000 + k");
  EXPECT_EQ(blank_comments_and_literals("\"//\" + a"), "     + a");
  EXPECT_EQ(blank_comments_and_literals("R\"x(a)\" b)x\" + c"), "             + c");
  EXPECT_EQ(blank_comments_and_literals("\"open"), "     ");
}

TEST(ArchitectureSourceTree, FindsIncludes) {
  EXPECT_THAT(
      find_includes("#include <a>\n  #  include \"b/c.h\"\nint include;\n// #include <d>\n#pragma once\n"),
      ElementsAre("<a>", "\"b/c.h\""));
}

TEST(ArchitectureSourceTree, FindsWholeWordsOnly) {
  EXPECT_THAT(find_word("a = getenv(x);\nmy_getenv(y); getenv2(); \n ::getenv; std::getenv", "getenv"),
              ElementsAre(1, 3, 3));
  EXPECT_THAT(find_word("thread.exit(1); thread->exit(1); Thread::exit(1);", "exit("), IsEmpty());
  EXPECT_THAT(find_word("exit(1);\n::exit(1);\nstd::exit(1);\nint exit = 1;", "exit("), ElementsAre(1, 2, 3));
  EXPECT_THAT(find_word("std::cout << cout; my::std::cout", "std::cout"), ElementsAre(1, 1));
  EXPECT_THAT(find_word("snprintf(a); printf(b);", "printf("), ElementsAre(1));
}

TEST(ArchitectureSourceTree, ReadsModuleLinks) {
  EXPECT_THAT(read_module_links("cooper_module(a x::y)\ncooper_module(b a\n  c z::z)\n"),
              UnorderedElementsAre(Pair("a", IsEmpty()), Pair("b", UnorderedElementsAre("a", "c"))));
}

TEST(ArchitectureSourceTree, FindsCycles) {
  EXPECT_EQ(find_cycle({}), "");
  EXPECT_EQ(find_cycle({{"a", {"b", "c"}}, {"b", {"c"}}, {"c", {}}}), "");
  EXPECT_EQ(find_cycle({{"a", {"b"}}, {"b", {"c"}}, {"c", {"b"}}}), "b → c → b");
  EXPECT_EQ(find_cycle({{"a", {"a"}}}), "a → a");
}

}  // namespace
}  // namespace cooper::test
