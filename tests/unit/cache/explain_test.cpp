#include "cache/explain.h"

#include <gtest/gtest.h>

namespace cooper::cache {
namespace {

using Ingredients = std::vector<std::pair<std::string, std::string>>;

solver::Key key_of(const Ingredients& ingredients) {
  solver::Key key;
  std::string all;
  for (const auto& [label, content] : ingredients) {
    key.ingredients.emplace_back(label, base::sha256(content));
    all += label + "=" + content + ";";
  }
  key.digest = base::sha256(all);
  return key;
}

std::string explain(const Ingredients& now, const Ingredients& before) {
  Record earlier;
  earlier.key = key_of(before).digest;
  earlier.ingredients = key_of(before).ingredients;
  return explain_miss(key_of(now), earlier, false);
}

TEST(CacheExplain, SaysWhenTheCacheIsIgnored) {
  EXPECT_EQ(explain_miss(key_of({}), std::nullopt, true), "--no-cache");
  EXPECT_EQ(explain_miss(key_of({}), Record(), true), "--no-cache");
}

TEST(CacheExplain, SaysWhenTheStepIsNew) {
  EXPECT_EQ(explain_miss(key_of({}), std::nullopt, false), "never built here before");
}

TEST(CacheExplain, NamesAChangedFileByItsPath) {
  EXPECT_EQ(explain({{"command", "c"}, {"file src/main.go", "new"}},
                    {{"command", "c"}, {"file src/main.go", "old"}}),
            "src/main.go changed");
}

TEST(CacheExplain, NamesChangesInTheOrderOfTheKeyThenWhatIsGone) {
  EXPECT_EQ(explain({{"ARG VERSION", "2"}, {"env PATH", "new"}, {"command", "c"}},
                    {{"command", "c"}, {"file gone", "x"}, {"ARG VERSION", "1"}}),
            "ARG VERSION changed, env PATH added, gone removed");
}

TEST(CacheExplain, NamesThreeAndCountsTheRest) {
  EXPECT_EQ(explain({{"a", "2"}, {"b", "2"}, {"c", "2"}}, {{"a", "1"}, {"b", "1"}, {"c", "1"}}),
            "a changed, b changed, c changed");
  EXPECT_EQ(explain({{"a", "2"}, {"b", "2"}, {"c", "2"}, {"d", "2"}, {"e", "2"}},
                    {{"a", "1"}, {"b", "1"}, {"c", "1"}, {"d", "1"}, {"e", "1"}}),
            "a changed, b changed, c changed and 2 more");
}

TEST(CacheExplain, ComparesRepeatedLabelsAsAWhole) {
  EXPECT_EQ(
      explain({{"file a", "1"}, {"file a", "2"}, {"b", "2"}}, {{"file a", "2"}, {"file a", "1"}, {"b", "1"}}),
      "b changed");
  EXPECT_EQ(explain({{"file a", "1"}, {"file a", "2"}}, {{"file a", "1"}}), "a changed");
}

TEST(CacheExplain, TheSameKeyWithoutARecordWasEvicted) {
  EXPECT_EQ(explain({{"a", "1"}}, {{"a", "1"}}), "evicted");
}

TEST(CacheExplain, AnotherKeyOfTheSameIngredientsHasOtherInputs) {
  Record earlier;
  earlier.key = base::sha256("another");
  EXPECT_EQ(explain_miss(key_of({}), earlier, false), "an input changed");
}

}  // namespace
}  // namespace cooper::cache
