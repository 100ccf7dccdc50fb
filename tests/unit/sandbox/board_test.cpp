#include "sandbox/board.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "sandbox/stub/slots.h"

namespace cooper::sandbox {
namespace {

using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

InodeAttributes owned_by(std::uint32_t uid, std::uint32_t gid) {
  InodeAttributes attributes;
  attributes.owner = {.uid = uid, .gid = gid};
  return attributes;
}

os::Fd file_of(const std::string& content) {
  os::Fd file(memfd_create("changes", MFD_CLOEXEC));
  EXPECT_EQ(write(file.get(), content.data(), content.size()), static_cast<ssize_t>(content.size()));
  return file;
}

std::string record(char kind, const std::string& path) {
  return std::string(1, kind) + path + '\0';
}

base::ErrorKind kind_of(const std::string& content) {
  try {
    read_changes(file_of(content));
  } catch (const base::Error& error) {
    return error.kind();
  }
  return base::ErrorKind::kInternal;
}

TEST(Board, KnowsNothingAtFirst) {
  const Board board(stub::Owners::kTable, 10);
  EXPECT_FALSE(board.find(1, 2));
  EXPECT_EQ(board.header().version, stub::kBoardVersion);
  EXPECT_EQ(board.header().host_uid, geteuid());
}

TEST(Board, KeepsWhatWasSet) {
  Board board(stub::Owners::kTable, 10);
  InodeAttributes all = owned_by(33, 44);
  all.mode = 0104755;
  all.device = 0x103;
  all.links = 2;
  all.is_private = true;
  all.xattrs = {{"security.capability", std::string("\1\0\0\2", 4)}, {"trusted.x", ""}};
  board.set(5, 6, all);
  board.set(5, 7, owned_by(1, 2));

  const auto found = board.find(5, 6);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->owner->uid, 33U);
  EXPECT_EQ(found->owner->gid, 44U);
  EXPECT_EQ(found->mode, 0104755U);
  EXPECT_EQ(found->device, 0x103U);
  EXPECT_EQ(found->links, 2U);
  EXPECT_TRUE(found->is_private);
  EXPECT_THAT(found->xattrs, UnorderedElementsAre(Pair("security.capability", std::string("\1\0\0\2", 4)),
                                                  Pair("trusted.x", "")));
  const auto other = board.find(5, 7);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->owner->uid, 1U);
  EXPECT_FALSE(other->mode);
  EXPECT_FALSE(board.find(6, 6)) << "another device's inode of the same number";
}

TEST(Board, ReplacesWhatWasKnown) {
  Board board(stub::Owners::kTable, 10);
  InodeAttributes first = owned_by(1, 1);
  first.xattrs = {{"trusted.a", "1"}, {"trusted.b", "2"}};
  board.set(1, 1, first);
  const std::uint32_t records = board.header().xattrs_used;
  InodeAttributes second;
  second.mode = 0100600;
  second.xattrs = {{"trusted.c", "3"}, {"trusted.d", "4"}};
  board.set(1, 1, second);
  const auto found = board.find(1, 1);
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->owner);
  EXPECT_EQ(found->mode, 0100600U);
  EXPECT_THAT(found->xattrs, UnorderedElementsAre(Pair("trusted.c", "3"), Pair("trusted.d", "4")));
  EXPECT_EQ(board.header().xattrs_used, records) << "records that were given back are used again";
}

TEST(Board, HoldsManyInodesThatCollide) {
  Board board(stub::Owners::kTable, 2000);
  for (std::uint32_t i = 1; i <= 2000; ++i) board.set(i % 3, i, owned_by(i, i + 1));
  for (std::uint32_t i = 1; i <= 2000; ++i) {
    const auto found = board.find(i % 3, i);
    ASSERT_TRUE(found) << i;
    EXPECT_EQ(found->owner->uid, i);
  }
  EXPECT_EQ(board.header().used, 2000U);
}

TEST(Board, RefusesAttributesThatAreTooLong) {
  Board board(stub::Owners::kTable, 10);
  InodeAttributes attributes;
  attributes.xattrs = {{"trusted.long", std::string(185, 'x')}};
  EXPECT_THROW(board.set(1, 1, attributes), base::Error);
  attributes.xattrs = {{std::string(64, 'x'), "value"}};
  EXPECT_THROW(board.set(1, 2, attributes), base::Error);
}

TEST(Board, IsAMemoryFileThatOthersMap) {
  Board board(stub::Owners::kReal, 10);
  board.set(7, 8, owned_by(9, 10));
  void* memory = mmap(nullptr, sizeof(stub::Board), PROT_READ, MAP_SHARED, board.fd(), 0);
  ASSERT_NE(memory, MAP_FAILED);
  const auto* other = static_cast<const stub::Board*>(memory);
  EXPECT_EQ(other->used, 1U);
  EXPECT_EQ(other->owners, stub::Owners::kReal);
  munmap(memory, sizeof(stub::Board));
}

// A step could write anything into the board.
TEST(Board, SurvivesAChainOfAttributesThatNeverEnds) {
  Board board(stub::Owners::kTable, 10);
  InodeAttributes attributes;
  attributes.xattrs = {{"trusted.a", "1"}};
  board.set(1, 1, attributes);
  auto* records = reinterpret_cast<stub::XattrRecord*>(reinterpret_cast<char*>(&board.header()) +
                                                       board.header().xattr_offset);
  records[0].next = 1;
  records[0].length = 100000;
  EXPECT_EQ(board.find(1, 1)->xattrs.size(), 1U);
}

TEST(Board, SaysWhetherThereMayBeAccessControlLists) {
  Board board(stub::Owners::kTable, 10);
  InodeAttributes attributes;
  attributes.xattrs = {{"trusted.a", "1"}};
  board.set(1, 1, attributes);
  EXPECT_EQ(board.header().acls, 0U);
  attributes.xattrs = {{"system.posix_acl_default", "1"}};
  board.set(1, 2, attributes);
  EXPECT_EQ(board.header().acls, 1U);
}

TEST(BoardSlots, StayInsideAndSpread) {
  std::set<std::uint64_t> slots;
  for (std::uint64_t inode = 1; inode < 4096; ++inode) {
    const std::uint64_t slot = stub::first_slot(2049, inode, 1 << 16);
    EXPECT_LT(slot, 1U << 16);
    slots.insert(slot);
  }
  EXPECT_GT(slots.size(), 3000U);
}

TEST(BoardChanges, AreSortedAndUnique) {
  const std::string list = record('p', "usr/b") + record('p', "a") + record('p', "usr/b") + record('t', "a") +
                           record('p', "a") + record('p', "");
  const std::vector<Change> changes = read_changes(file_of(list));
  ASSERT_EQ(changes.size(), 3U);
  EXPECT_EQ(changes[0].path, "");
  EXPECT_EQ(changes[1].path, "a");
  EXPECT_EQ(changes[1].kind, stub::ChangeKind::kTree);
  EXPECT_EQ(changes[2].path, "usr/b");
  EXPECT_EQ(changes[2].kind, stub::ChangeKind::kPath);
}

TEST(BoardChanges, AreNoneInAnEmptyList) {
  EXPECT_THAT(read_changes(file_of("")), IsEmpty());
}

TEST(BoardChanges, AreCorruptWhenCutOrMalformed) {
  EXPECT_EQ(kind_of("pusr/bin"), base::ErrorKind::kCorrupt) << "cut";
  EXPECT_EQ(kind_of(record('x', "a")), base::ErrorKind::kCorrupt) << "unknown kind";
  EXPECT_EQ(kind_of(std::string(1, '\0')), base::ErrorKind::kCorrupt) << "empty";
  EXPECT_EQ(kind_of(record('p', "../etc")), base::ErrorKind::kCorrupt) << "climbs";
  EXPECT_EQ(kind_of(record('p', "/etc")), base::ErrorKind::kCorrupt) << "absolute";
  EXPECT_EQ(kind_of(record('p', "a//b")), base::ErrorKind::kCorrupt);
  EXPECT_EQ(kind_of(record('p', "a/")), base::ErrorKind::kCorrupt);
}

}  // namespace
}  // namespace cooper::sandbox
