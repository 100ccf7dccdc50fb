#include "ops/board_notes.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace cooper::ops {
namespace {

using sandbox::stub::Owners;
using snapshot::Entry;
using snapshot::EntryType;

Entry file(std::uint32_t mode, std::uint32_t uid = 0, std::uint32_t gid = 0) {
  Entry entry;
  entry.mode = mode;
  entry.uid = uid;
  entry.gid = gid;
  return entry;
}

TEST(OpsBoardNotes, KeepsWhatADiskOfOneOwnerCannotHold) {
  sandbox::Board board(Owners::kTable, 8);
  BoardNotes notes(board);
  Entry entry = file(0200, 33, 44);
  entry.xattrs = {{"security.capability", "cap"}, {"user.note", "on disk"}};
  notes.note(1, 2, entry, 3);
  auto attributes = board.find(1, 2);
  ASSERT_TRUE(attributes);
  EXPECT_EQ(attributes->owner->uid, 33U);
  EXPECT_EQ(*attributes->mode, S_IFREG | 0200U);
  EXPECT_EQ(*attributes->links, 3U);
  EXPECT_EQ(attributes->xattrs.size(), 1U);

  Entry read = file(0600, 1000, 1000);
  notes.correct(1, 2, read);
  EXPECT_EQ(read.uid, 33U);
  EXPECT_EQ(read.gid, 44U);
  EXPECT_EQ(read.mode, 0200U);
  EXPECT_EQ(read.xattrs.at("security.capability"), "cap");
}

TEST(OpsBoardNotes, TakesWhatIsNotNotedForRoots) {
  sandbox::Board board(Owners::kTable, 8);
  BoardNotes notes(board);
  notes.note(1, 2, file(0644), 1);
  EXPECT_FALSE(board.find(1, 2)) << "nothing to say costs no slot";
  Entry read = file(0644, 1000, 1000);
  notes.correct(1, 2, read);
  EXPECT_EQ(read.uid, 0U);
  EXPECT_EQ(read.mode, 0644U);
}

TEST(OpsBoardNotes, ForgetsWhatNoLongerHolds) {
  sandbox::Board board(Owners::kTable, 8);
  BoardNotes notes(board);
  notes.note(1, 2, file(0644, 5, 5), 1);
  notes.note(1, 2, file(0644), 1);
  Entry read = file(0644, 1000, 1000);
  notes.correct(1, 2, read);
  EXPECT_EQ(read.uid, 0U);
}

TEST(OpsBoardNotes, KnowsDevicesByTheirPlaceholders) {
  for (Owners owners : {Owners::kTable, Owners::kReal}) {
    sandbox::Board board(owners, 8);
    BoardNotes notes(board);
    Entry device = file(0660, 0, 6);
    device.type = EntryType::kBlockDevice;
    device.device_major = 7;
    device.device_minor = 300;
    notes.note(1, 2, device, 1);
    EXPECT_EQ(*board.find(1, 2)->device, makedev(7, 300));
    Entry read = file(0660, 0, 6);
    notes.correct(1, 2, read);
    EXPECT_EQ(read.type, EntryType::kBlockDevice);
    EXPECT_EQ(read.device_minor, 300U);
    EXPECT_EQ(read.gid, 6U);
  }
}

TEST(OpsBoardNotes, LeavesRealOwnersAlone) {
  sandbox::Board board(Owners::kReal, 8);
  BoardNotes notes(board);
  notes.note(1, 2, file(0200, 33, 44), 1);
  EXPECT_FALSE(board.find(1, 2));
  Entry read = file(0200, 33, 44);
  notes.correct(1, 2, read);
  EXPECT_EQ(read.uid, 33U);
}

}  // namespace
}  // namespace cooper::ops
