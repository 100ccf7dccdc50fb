#include "archive/whiteout.h"

#include <gtest/gtest.h>

#include "tests/unit/archive/fixtures.h"

namespace cooper::archive {
namespace {

TEST(ArchiveWhiteout, ParsesHiddenFiles) {
  EXPECT_EQ(parse_whiteout("a/b/.wh.c").kind, WhiteoutKind::kFile);
  EXPECT_EQ(parse_whiteout("a/b/.wh.c").path, "a/b/c");
  EXPECT_EQ(parse_whiteout(".wh.c").path, "c");
  EXPECT_EQ(parse_whiteout("a/.wh..hidden").path, "a/.hidden");
  EXPECT_EQ(parse_whiteout("a/.wh..wh.x").path, "a/.wh.x");
}

TEST(ArchiveWhiteout, ParsesOpaqueDirectories) {
  EXPECT_EQ(parse_whiteout("a/b/.wh..wh..opq").kind, WhiteoutKind::kOpaque);
  EXPECT_EQ(parse_whiteout("a/b/.wh..wh..opq").path, "a/b");
  EXPECT_EQ(parse_whiteout(".wh..wh..opq").path, "");
}

TEST(ArchiveWhiteout, LeavesOtherNamesAlone) {
  for (const char* path : {"a", "a/b", ".wh", ".wh.d/file", "a.wh.b", "wh.a", ""}) {
    EXPECT_EQ(parse_whiteout(path).kind, WhiteoutKind::kNone) << path;
  }
}

TEST(ArchiveWhiteout, RefusesToHideTheDirectoryOrItsParent) {
  for (const char* path : {".wh.", "a/.wh.", "a/.wh..", "a/.wh..."}) {
    fixtures::expect_error(base::ErrorKind::kCorrupt, "whiteout of no file", [&] { parse_whiteout(path); });
  }
}

TEST(ArchiveWhiteout, WritesWhatItParses) {
  EXPECT_EQ(whiteout_path("a/b"), "a/.wh.b");
  EXPECT_EQ(whiteout_path("b"), ".wh.b");
  EXPECT_EQ(opaque_marker("a"), "a/.wh..wh..opq");
  EXPECT_EQ(opaque_marker(""), ".wh..wh..opq");
  EXPECT_EQ(parse_whiteout(whiteout_path("x/y")).path, "x/y");
  EXPECT_EQ(parse_whiteout(opaque_marker("x/y")).path, "x/y");
}

}  // namespace
}  // namespace cooper::archive
