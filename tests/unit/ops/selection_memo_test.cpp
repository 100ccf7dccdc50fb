#include "ops/selection_memo.h"

#include <gtest/gtest.h>

namespace cooper::ops {
namespace {

std::vector<Selection> named(const std::string& name) {
  std::vector<Selection> selections(1);
  selections.front().named = name;
  return selections;
}

TEST(OpsSelectionMemo, FindsOnceWhatIsAskedTwice) {
  SelectionMemo memo;
  int made = 0;
  auto make = [&] {
    ++made;
    return named("a");
  };
  Selections first = memo.find_or_make(3, 0, make);
  EXPECT_EQ(memo.find_or_make(3, 0, make), first);
  EXPECT_EQ(made, 1);
}

TEST(OpsSelectionMemo, KeepsActionsAndVerticesApart) {
  SelectionMemo memo;
  EXPECT_EQ(memo.find_or_make(3, 0, [] { return named("a"); })->front().named, "a");
  EXPECT_EQ(memo.find_or_make(3, 1, [] { return named("b"); })->front().named, "b");
  EXPECT_EQ(memo.find_or_make(4, 0, [] { return named("c"); })->front().named, "c");
  EXPECT_EQ(memo.find_or_make(3, 0, [] { return named("d"); })->front().named, "a");
}

TEST(OpsSelectionMemo, KeepsNothingOfAFailure) {
  SelectionMemo memo;
  EXPECT_THROW(memo.find_or_make(1, 0, []() -> std::vector<Selection> { throw 1; }), int);
  EXPECT_EQ(memo.find_or_make(1, 0, [] { return named("a"); })->front().named, "a");
}

}  // namespace
}  // namespace cooper::ops
