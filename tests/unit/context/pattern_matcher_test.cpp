#include "context/pattern_matcher.h"

#include <chrono>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "base/error.h"

namespace cooper::context {
namespace {

bool matches(const std::vector<std::string>& patterns, const std::string& path) {
  return PatternMatcher(patterns).matches_or_parent_matches(path);
}

TEST(ContextPatternMatcher, LastMatchWins) {
  EXPECT_TRUE(matches({"docs", "!docs/README.md"}, "docs/guide.md"));
  EXPECT_FALSE(matches({"docs", "!docs/README.md"}, "docs/README.md"));
  EXPECT_TRUE(matches({"docs", "!docs/README.md", "docs/*.md"}, "docs/README.md"));
}

TEST(ContextPatternMatcher, MatchesThroughAnyParent) {
  EXPECT_TRUE(matches({"a"}, "a/b/c/d"));
  EXPECT_TRUE(matches({"**/node_modules"}, "x/node_modules/y/z.js"));
  EXPECT_TRUE(matches({"*/build"}, "x/build/y/z"));
  EXPECT_FALSE(matches({"a"}, "ab/c"));
  EXPECT_FALSE(matches({"build"}, "x/build"));
}

TEST(ContextPatternMatcher, StarStopsAtSlashAndDoubleStarDoesNot) {
  EXPECT_FALSE(matches({"a*d"}, "a/b/d"));
  EXPECT_TRUE(matches({"a/**/d"}, "a/d"));
  EXPECT_TRUE(matches({"a/**/d"}, "a/b/c/d"));
  EXPECT_FALSE(matches({"a/**/d"}, "a/b/cd"));
  EXPECT_TRUE(matches({"**/*.go"}, "x.go"));
  EXPECT_TRUE(matches({"**/*.go"}, "a/b/x.go"));
}

TEST(ContextPatternMatcher, ShortcutsCompareBytes) {
  EXPECT_TRUE(matches({"**.go"}, "a/b.go"));
  EXPECT_TRUE(matches({"abc**"}, "abcd/e"));
  EXPECT_FALSE(matches({"abc/**"}, "abc"));
  EXPECT_TRUE(matches({"a(b)+{c}$|^"}, "a(b)+{c}$|^"));
}

TEST(ContextPatternMatcher, ClassesHaveGosRegexpMeaning) {
  EXPECT_TRUE(matches({"[[:alpha:]]x"}, "qx"));
  EXPECT_FALSE(matches({"[[:alpha:]]x"}, "1x"));
  EXPECT_TRUE(matches({"v\\d"}, "v7"));
  EXPECT_FALSE(matches({"v\\d"}, "vd"));
  EXPECT_TRUE(matches({"[^a-c]"}, "d"));
  EXPECT_FALSE(matches({"[^a-c]"}, "b"));
  // A star inside a class becomes "[^/]*" before it is compiled: a starred set, then "]".
  EXPECT_TRUE(matches({"[*]"}, "^/[]"));
  EXPECT_FALSE(matches({"[*]"}, "*"));
}

TEST(ContextPatternMatcher, ReadsRunesNotBytes) {
  EXPECT_TRUE(matches({"?"}, "ф"));
  EXPECT_TRUE(matches({"[а-я]*"}, "файл"));
  // A byte that is no UTF-8 is one rune.
  EXPECT_TRUE(matches({"a?b"},
                      "a\xff"
                      "b"));
  EXPECT_FALSE(matches({"a??b"},
                       "a\xff"
                       "b"));
}

TEST(ContextPatternMatcher, DoubleStarDoesNotCrossLineBreaks) {
  EXPECT_FALSE(matches({"a/**/*.c"}, "a/x\ny/z.c"));
  EXPECT_TRUE(matches({"a/*/*.c"}, "a/x\ny/z.c"));
}

TEST(ContextPatternMatcher, EscapeMakesLiteral) {
  EXPECT_TRUE(matches({"a\\*b"}, "a*b"));
  EXPECT_FALSE(matches({"a\\*b"}, "axb"));
  EXPECT_TRUE(matches({"\\!a"}, "!a"));
}

TEST(ContextPatternMatcher, KnowsWhereAnExclusionMayHelp) {
  const PatternMatcher matcher({"**", "!docs/*/keep.md", "!src/**"});
  EXPECT_TRUE(matcher.may_include_below("docs"));
  EXPECT_TRUE(matcher.may_include_below("docs/a"));
  EXPECT_FALSE(matcher.may_include_below("docs/a/b"));
  EXPECT_TRUE(matcher.may_include_below("src/x/y"));
  EXPECT_FALSE(matcher.may_include_below("other"));
  EXPECT_FALSE(PatternMatcher({"**"}).may_include_below("docs"));
}

TEST(ContextPatternMatcher, RefusesMalformedPatterns) {
  for (const char* pattern : {"[", "a[", "[^", "[a-]", "!", "\\", "[]a]"}) {
    EXPECT_THROW(PatternMatcher({pattern}), base::Error) << pattern;
  }
}

TEST(ContextPatternMatcher, RefusesABackwardRangeOnlyWhenAsked) {
  const PatternMatcher matcher({"![b-a]"});
  EXPECT_FALSE(matcher.matches_or_parent_matches("x"));
  EXPECT_THROW(matches({"[b-a]"}, "x"), base::Error);
}

TEST(ContextPatternMatcher, KnowsWhetherThereAreExclusions) {
  EXPECT_TRUE(PatternMatcher({"a", "!b"}).has_exclusions());
  EXPECT_FALSE(PatternMatcher({"a", "b"}).has_exclusions());
  EXPECT_TRUE(PatternMatcher(std::vector<std::string>{" ", ""}).empty());
}

TEST(ContextPatternMatcher, WalkHandsDownWhatTheParentMatched) {
  const PatternMatcher matcher({"a", "!a/b", "a/b/c"});
  PatternMatcher::ParentState none;
  PatternMatcher::ParentState a;
  PatternMatcher::ParentState b;
  PatternMatcher::ParentState leaf;
  EXPECT_TRUE(matcher.matches("a", none, a));
  EXPECT_FALSE(matcher.matches("a/b", a, b));
  EXPECT_TRUE(matcher.matches("a/b/c", b, leaf));
  EXPECT_FALSE(matcher.matches("a/b/d", b, leaf));
  EXPECT_TRUE(matcher.matches("a/x", a, leaf));
}

TEST(ContextPatternMatcher, WalkAndPathDifferAsInMoby) {
  // "!a" is not asked about "a", which nothing matched, and so is not handed down.
  const PatternMatcher matcher({"a/*", "!a"});
  PatternMatcher::ParentState a;
  PatternMatcher::ParentState leaf;
  EXPECT_FALSE(matcher.matches("a", {}, a));
  EXPECT_TRUE(matcher.matches("a/b", a, leaf));
  EXPECT_FALSE(matcher.matches_or_parent_matches("a/b"));
}

TEST(ContextPatternMatcher, HostilePatternsCostNoMoreThanTheirLength) {
  std::string stars;
  for (int i = 0; i < 200; ++i) stars += "*a**/";
  const std::string path(2000, 'a');
  // A backtracking matcher would not end.
  EXPECT_FALSE(matches({stars + "b"}, path));
  EXPECT_FALSE(filepath_match("*a*a*a*a*a*a*a*a*a*a*a*a*b", path));
}

TEST(ContextFilepathMatch, FollowsGo) {
  EXPECT_TRUE(filepath_match("*.c", "a.c"));
  EXPECT_FALSE(filepath_match("*", "a/b"));
  EXPECT_TRUE(filepath_match("a/*/c", "a/b/c"));
  EXPECT_TRUE(filepath_match("a*b*c", "axxbxxbc"));
  EXPECT_TRUE(filepath_match("[\\]a]", "]"));
  EXPECT_TRUE(filepath_match("", ""));
  EXPECT_FALSE(filepath_match("[^a]", "a"));
  EXPECT_TRUE(filepath_match("**", "ab"));
}

TEST(ContextFilepathMatch, FindsWhatIsMalformedInThePieceThatFails) {
  EXPECT_FALSE(filepath_match("b*[", "a"));
  EXPECT_THROW(filepath_match("[x", "a"), base::Error);
  EXPECT_THROW(filepath_match("a\\", "b"), base::Error);
  EXPECT_THROW(filepath_match("[\xff]", "a"), base::Error);
}

TEST(ContextIgnoreFile, CleansWhatItReads) {
  EXPECT_EQ(read_ignore_file("\xEF\xBB\xBF# comment\n a/../b/ \r\n/c\n!/d\n! ./e \n\n..\n"),
            (std::vector<std::string>{"b", "c", "!d", "!e", ".."}));
}

TEST(ContextIgnoreFile, ACommentStartsInTheFirstColumn) {
  EXPECT_EQ(read_ignore_file(" # x\n#y"), (std::vector<std::string>{"# x"}));
}

TEST(ContextIgnoreFile, TrimsUnicodeSpaces) {
  EXPECT_EQ(read_ignore_file("\xC2\xA0"
                             "a b\xE3\x80\x80\n"),
            (std::vector<std::string>{"a b"}));
  EXPECT_EQ(read_ignore_file("a\x85\n"), (std::vector<std::string>{"a\x85"}));
}

TEST(ContextIgnoreFile, RefusesAnEndlessLine) {
  EXPECT_THROW(read_ignore_file(std::string(70000, 'a')), base::Error);
  EXPECT_EQ(read_ignore_file(std::string(65535, 'a')).size(), 1U);
}

}  // namespace
}  // namespace cooper::context
