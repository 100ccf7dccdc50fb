#include "report/log_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cooper::report {
namespace {

using testing::ElementsAre;

std::vector<std::string> split(const std::vector<std::string>& chunks) {
  LineSplitter splitter;
  std::vector<std::string> lines;
  for (const std::string& chunk : chunks) splitter.write(chunk, lines);
  splitter.flush(lines);
  return lines;
}

TEST(ReportLogLines, JoinsChunks) {
  EXPECT_THAT(split({"a", "b\nc", "", "d\n", "e"}), ElementsAre("ab", "cd", "e"));
}

TEST(ReportLogLines, KeepsEmptyLines) {
  EXPECT_THAT(split({"a\n\nb\n"}), ElementsAre("a", "", "b"));
}

TEST(ReportLogLines, ACarriageReturnEndsALine) {
  EXPECT_THAT(split({"10%\r20%\r100%\n"}), ElementsAre("10%", "20%", "100%"));
  EXPECT_THAT(split({"a\r\nb\r", "\nc\r\r\n\n"}), ElementsAre("a", "b", "c", ""));
  EXPECT_THAT(split({"\rx"}), ElementsAre("x"));
}

TEST(ReportLogLines, GivesOutAnEndlessLineInPieces) {
  const std::vector<std::string> lines =
      split({std::string(kLongestLine - 1, 'a'), "bcd", std::string(kLongestLine, 'e')});
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].size(), kLongestLine);
  EXPECT_EQ(lines[0] + lines[1] + lines[2],
            std::string(kLongestLine - 1, 'a') + "bcd" + std::string(kLongestLine, 'e'));
}

TEST(ReportLogLines, TheTailIsBounded) {
  LogTail tail;
  for (int i = 0; i < 100; ++i) tail.add(i, std::string(100000, 'x'));
  EXPECT_EQ(tail.lines().size(), LogTail::kLines);
  EXPECT_EQ(tail.total(), 100U);
  EXPECT_LT(tail.lines().back().text.size(), LogTail::kLineBytes + 100);
  EXPECT_EQ(tail.lines().front().seconds, 80);
}

}  // namespace
}  // namespace cooper::report
