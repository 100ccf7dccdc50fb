#include "report/text_cells.h"

#include <gtest/gtest.h>

namespace cooper::report {
namespace {

TEST(ReportTextCells, KeepsColorsAndEndsThem) {
  EXPECT_EQ(clean_line("\x1b[1;31mred\x1b[0m x", Colors::kKeep), "\x1b[1;31mred\x1b[0m x\x1b[0m");
  EXPECT_EQ(clean_line("\x1b[1;31mred", Colors::kRemove), "red");
}

TEST(ReportTextCells, RemovesWhatMovesTheCursorOrTalksToTheTerminal) {
  EXPECT_EQ(clean_line("a\x1b[2Jb\x1b[10;1Hc\x1b[?25ld", Colors::kKeep), "abcd");
  EXPECT_EQ(clean_line("a\x1b]0;title\x07"
                       "b\x1b]8;;http://x\x1b\\c",
                       Colors::kKeep),
            "abc");
  EXPECT_EQ(clean_line("a\x1b]0;never ends", Colors::kKeep), "a");
  EXPECT_EQ(clean_line("a\x1b", Colors::kKeep), "a");
  EXPECT_EQ(clean_line("a\x1b[", Colors::kKeep), "a");
  EXPECT_EQ(clean_line("a\x1b(Bb\x1bMc", Colors::kKeep), "abc");
  EXPECT_EQ(clean_line("a\x1b[>1mb", Colors::kKeep), "ab");
}

TEST(ReportTextCells, RemovesControlCharactersButTabs) {
  EXPECT_EQ(clean_line("a\b\a\x7f\tb\xC2\x9Bx", Colors::kKeep), "a\tbx");
  EXPECT_EQ(clean_line("\xff\xfe", Colors::kKeep), "\xff\xfe");
}

TEST(ReportTextCells, CutsAtCellsNotBytes) {
  EXPECT_EQ(fit_line("abcdef", 6), "abcdef");
  EXPECT_EQ(fit_line("abcdefg", 6), "abcde…");
  EXPECT_EQ(fit_line("äöüäöü", 6), "äöüäöü");
  EXPECT_EQ(fit_line("日本語日本語", 7), "日本語…");
  EXPECT_EQ(fit_line("日本語日本語", 6), "日本…");
  EXPECT_EQ(fit_line("e\xCC\x81"
                     "e\xCC\x81",
                     2),
            "e\xCC\x81"
            "e\xCC\x81");
  EXPECT_EQ(fit_line("abc", 1), "…");
  EXPECT_EQ(fit_line("abc", 0), "");
}

TEST(ReportTextCells, ExpandsTabsAndReplacesBadBytes) {
  EXPECT_EQ(fit_line("a\tb", 20), "a       b");
  EXPECT_EQ(fit_line("a\xff"
                     "b",
                     20),
            "a\xEF\xBF\xBD"
            "b");
}

TEST(ReportTextCells, FittedLinesNeverTakeMoreCells) {
  const std::string line =
      "a\t日\xff"
      "é\x1b[31mzz\t🎉 end";
  for (std::size_t columns = 0; columns < 40; ++columns) {
    EXPECT_LE(cell_width(fit_line(line, columns)), columns) << columns;
  }
}

}  // namespace
}  // namespace cooper::report
