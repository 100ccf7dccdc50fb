#include "snapshot/unchanged.h"

#include <gtest/gtest.h>

namespace cooper::snapshot {
namespace {

Entry file(std::int64_t mtime, std::uint32_t nanoseconds) {
  Entry entry;
  entry.path = "f";
  entry.mode = 0644;
  entry.size = 3;
  entry.mtime = mtime;
  entry.mtime_nsec = nanoseconds;
  return entry;
}

TEST(SnapshotUnchanged, OnlyContentTellsWhereTimesAreWholeSeconds) {
  EXPECT_EQ(find_change(file(5, 0), file(5, 0)), Change::kOfContentOnly);
  EXPECT_EQ(find_change(file(5, 7), file(5, 7)), Change::kNone);
  EXPECT_EQ(find_change(file(5, 7), file(5, 8)), Change::kYes);
  EXPECT_EQ(find_change(file(5, 0), file(6, 0)), Change::kYes);
}

TEST(SnapshotUnchanged, AttributesCount) {
  for (int which = 0; which < 5; ++which) {
    Entry above = file(5, 7);
    if (which == 0) above.mode = 0600;
    if (which == 1) above.uid = 1;
    if (which == 2) above.gid = 1;
    if (which == 3) above.xattrs["user.a"] = "b";
    if (which == 4) above.type = EntryType::kFifo;
    EXPECT_EQ(find_change(file(5, 7), above), Change::kYes) << which;
  }
}

TEST(SnapshotUnchanged, ADirectorysTimeDoesNotCount) {
  Entry below = file(5, 0);
  Entry above = file(9, 1);
  below.type = above.type = EntryType::kDirectory;
  EXPECT_EQ(find_change(below, above), Change::kNone);
  above.opaque = true;
  EXPECT_EQ(find_change(below, above), Change::kYes);
}

TEST(SnapshotUnchanged, SymlinksCompareTheirText) {
  Entry below = file(5, 0);
  Entry above = file(5, 0);
  below.type = above.type = EntryType::kSymlink;
  EXPECT_EQ(find_change(below, above), Change::kNone);
  above.link_target = "x";
  EXPECT_EQ(find_change(below, above), Change::kYes);
}

TEST(SnapshotUnchanged, MarksWhatLeadsToChanges) {
  std::vector<Entry> entries(5);
  const char* paths[] = {"a", "a/b", "a/b/c", "a/d", "e"};
  std::vector<const Entry*> sorted;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    entries[i].path = paths[i];
    sorted.push_back(&entries[i]);
  }
  EXPECT_EQ(mark_changes(sorted, [](std::size_t i) { return i != 2; }),
            (std::vector<bool>{true, true, true, false, false}));
}

}  // namespace
}  // namespace cooper::snapshot
