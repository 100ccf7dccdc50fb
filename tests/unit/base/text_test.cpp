#include "base/text.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cooper::base {
namespace {

using ::testing::ElementsAre;

TEST(BaseText, Trims) {
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim("a"), "a");
  EXPECT_EQ(trim(" \n "), "");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim("//a/b/", "/"), "a/b");
}

TEST(BaseText, SplitsAtEverySeparator) {
  EXPECT_THAT(split("a,b", ','), ElementsAre("a", "b"));
  EXPECT_THAT(split(",a,,", ','), ElementsAre("", "a", "", ""));
  EXPECT_THAT(split("", ','), ElementsAre(""));
  EXPECT_THAT(split("abc", ','), ElementsAre("abc"));
}

TEST(BaseText, JoinsWhatWasSplit) {
  EXPECT_EQ(join({}, ", "), "");
  EXPECT_EQ(join({"a"}, ", "), "a");
  EXPECT_EQ(join({"a", "", "b"}, ", "), "a, , b");
  EXPECT_EQ(join(split(",a,,", ','), ","), ",a,,");
}

TEST(BaseText, ChangesTheCaseOfAsciiOnly) {
  EXPECT_EQ(to_lower("AbZ\xc3\x84@[`{9"), "abz\xc3\x84@[`{9");
  EXPECT_EQ(to_upper("aBz\xc3\xa4@[`{9"), "ABZ\xc3\xa4@[`{9");
}

TEST(BaseText, SizesForPeople) {
  EXPECT_EQ(human_size(0), "0 B");
  EXPECT_EQ(human_size(999), "999 B");
  EXPECT_EQ(human_size(1000), "1.0 kB");
  EXPECT_EQ(human_size(1449), "1.4 kB");
  EXPECT_EQ(human_size(9940), "9.9 kB");
  EXPECT_EQ(human_size(9999), "10 kB");
  EXPECT_EQ(human_size(37'400'000), "37 MB");
  EXPECT_EQ(human_size(999'499), "999 kB");
  EXPECT_EQ(human_size(999'500), "1.0 MB");
  EXPECT_EQ(human_size(5'000'000'000'000), "5.0 TB");
  EXPECT_EQ(human_size(UINT64_MAX), "18446744 TB");
}

TEST(BaseText, FindsTheNearestWord) {
  const std::vector<std::string> words = {"FROM", "RUN", "COPY", "ENTRYPOINT", "ENV"};
  EXPECT_EQ(nearest("COYP", words), "COPY");
  EXPECT_EQ(nearest("RUNN", words), "RUN");
  EXPECT_EQ(nearest("ENTRYPIONT", words), "ENTRYPOINT");
  EXPECT_EQ(nearest("EVN", {"RUN", "FROM"}), "");
  EXPECT_EQ(nearest("RUN", words), "RUN");
}

TEST(BaseText, SuggestsNothingFarAway) {
  EXPECT_EQ(nearest("WORKDIR", {"FROM", "RUN"}), "");
  EXPECT_EQ(nearest("X", {"Y"}), "");
  EXPECT_EQ(nearest("", {"RUN"}), "");
  EXPECT_EQ(nearest("RUN", {}), "");
}

TEST(BaseText, TheFirstOfTheNearestWins) {
  EXPECT_EQ(nearest("cat", {"bat", "rat"}), "bat");
}

TEST(BaseText, PercentDecodesOnlyWhatIsAnEscape) {
  EXPECT_EQ(percent_decode("a%2Fb%2fc"), "a/b/c");
  EXPECT_EQ(percent_decode("100%"), "100%");
  EXPECT_EQ(percent_decode("%zz%4"), "%zz%4");
  EXPECT_EQ(percent_decode("%00").size(), 1U);
  EXPECT_EQ(hex_value('f') + hex_value('F') + hex_value('0'), 30);
  EXPECT_EQ(hex_value('g'), -1);
}

TEST(BaseText, ReadsDurations) {
  using std::chrono::seconds;
  EXPECT_EQ(parse_duration("90s"), seconds(90));
  EXPECT_EQ(parse_duration("1h30m"), seconds(5400));
  EXPECT_EQ(parse_duration("1.5h"), seconds(5400));
  EXPECT_EQ(parse_duration("14d"), seconds(14 * 86400));
  EXPECT_EQ(parse_duration("250ms"), std::chrono::milliseconds(250));
  for (const char* wrong : {"", "12", "h", "1x", "-1h", "1h 2m", "1e3s", "999999999999d", "inf", "nans"})
    EXPECT_EQ(parse_duration(wrong), std::nullopt) << wrong;
}

TEST(BaseText, EscapesAnyBytes) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  const std::string escaped = escape_bytes(all);
  EXPECT_TRUE(std::all_of(escaped.begin(), escaped.end(), [](char c) { return c >= 0x20 && c < 0x7f; }));
  EXPECT_EQ(percent_decode(escaped), all);
  EXPECT_EQ(escape_bytes("a b%"), "a b%25");
}

}  // namespace
}  // namespace cooper::base
