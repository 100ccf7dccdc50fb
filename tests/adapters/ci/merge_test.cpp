#include "adapters/merge.h"

#include <gmock/gmock.h>

namespace cooper::adapters {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TEST(AdaptersMerge, OfAFlagTheStrongestSourceCounts) {
  Option flag{"--target", "a", "the command line"};
  Option file{"--target", "b", ".cooper.yml:3"};
  EXPECT_THAT(merge_options({{flag}, {file}}), ElementsAre(flag));
  EXPECT_THAT(merge_options({{}, {file}}), ElementsAre(file));
}

TEST(AdaptersMerge, AListIsTakenWholeFromOneSource) {
  Option one{"--tag", "r/a:1", "flag"};
  Option two{"--tag", "r/a:2", "flag"};
  Option adapter{"--tag", "r/a:main", "CI_COMMIT_BRANCH"};
  EXPECT_THAT(merge_options({{one, two}, {adapter}}), ElementsAre(one, two));
}

TEST(AdaptersMerge, WhatHasAKeyIsJoined) {
  Option strong{"--label", "a=1", "flag"};
  Option weak{"--label", "a=2", "file"};
  Option other{"--label", "b=2", "file"};
  Option secret{"--secret", "id=npm,env=TOKEN", "file"};
  Option same_secret{"--secret", "env=OTHER,id=npm", "adapter"};
  EXPECT_THAT(merge_options({{strong}, {weak, other, secret}, {same_secret}}),
              UnorderedElementsAre(strong, other, secret));
}

TEST(AdaptersMerge, AnEmptyValueTakesAFlagAway) {
  Option none{"--cache-to", "", ".cooper.yml:2"};
  Option adapter{"--cache-to", "type=registry,ref=r/c", "adapter"};
  EXPECT_THAT(merge_options({{none}, {adapter}}), IsEmpty());
}

}  // namespace
}  // namespace cooper::adapters
