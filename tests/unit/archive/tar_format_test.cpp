#include "archive/tar_format.h"

#include <gtest/gtest.h>
#include <limits>

#include "tests/unit/archive/fixtures.h"

namespace cooper::archive::tar {
namespace {

using base::ErrorKind;
using fixtures::expect_error;

std::string_view raw(const char* text, std::size_t size) {
  return {text, size};
}

TEST(ArchiveTarFormat, ReadsOctalNumbersPaddedInAnyWay) {
  EXPECT_EQ(number(raw("0000644\0", 8)), 0644);
  EXPECT_EQ(number("    644 "), 0644);
  EXPECT_EQ(number(raw("644\0\0\0\0\0", 8)), 0644);
  EXPECT_EQ(number(raw("644\0junk", 8)), 0644);
  EXPECT_EQ(number("77777777"), 077777777);
  EXPECT_EQ(number(raw("\0\0\0\0\0\0\0\0", 8)), 0);
  EXPECT_EQ(number("        "), 0);
}

TEST(ArchiveTarFormat, RefusesWhatIsNotOctal) {
  for (std::string_view text : {"00000648", "-0000644", "+0000644", "0x000644", "6 4 4   "}) {
    expect_error(ErrorKind::kCorrupt, "not octal", [&] { number(text); });
  }
}

TEST(ArchiveTarFormat, ReadsBase256Numbers) {
  EXPECT_EQ(number(raw("\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x02", 12)), 0x102);
  EXPECT_EQ(number(raw("\x80\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff", 12)),
            std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(number(raw("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe", 12)), -2);
  EXPECT_EQ(number(raw("\xff\xff\xff\xff\x80\x00\x00\x00\x00\x00\x00\x00", 12)),
            std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(number(raw("\x80\x00\x00\x00\xff\xff\xff\xff", 8)), 0xffffffff);
}

TEST(ArchiveTarFormat, RefusesBase256NumbersThatDoNotFit) {
  for (std::string_view text : {raw("\x80\x00\x00\x00\x80\x00\x00\x00\x00\x00\x00\x00", 12),
                                raw("\x80\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00", 12),
                                raw("\xff\xff\xff\xff\x7f\xff\xff\xff\xff\xff\xff\xff", 12),
                                raw("\xbf\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12)}) {
    expect_error(ErrorKind::kCorrupt, "too large", [&] { number(text); });
  }
}

TEST(ArchiveTarFormat, ChecksumsMayBeOfSignedBytes) {
  Block block{};
  block[0] = '\xe4';
  set_checksum(block);
  EXPECT_TRUE(checksum_matches(block));
  // 8 spaces and the byte 0xe4 as -28: 256 - 28 = 0344.
  std::string_view signed_sum("000344\0 ", 8);
  std::copy(signed_sum.begin(), signed_sum.end(), block.begin() + kChecksum.at);
  EXPECT_TRUE(checksum_matches(block));
  block[1] = 'x';
  EXPECT_FALSE(checksum_matches(block));
}

TEST(ArchiveTarFormat, ReadsPaxRecordsInOrder) {
  std::vector<PaxRecord> records = parse_pax("30 mtime=1350244992.023960108\n6 a=b\n5 c=\n11 d=x=y\nz\n");
  ASSERT_EQ(records.size(), 4U);
  EXPECT_EQ(records[0].key, "mtime");
  EXPECT_EQ(records[0].value, "1350244992.023960108");
  EXPECT_EQ(records[2].value, "");
  EXPECT_EQ(records[3].value, "x=y\nz");
}

TEST(ArchiveTarFormat, RefusesMalformedPaxRecords) {
  for (std::string_view text :
       {"x", "6 a=b", "7 a=b\n", "5 a=b\n", "6  a=b", "-6 a=b\n", "6a=b\n", "4 =\n", "5 =b\n", "5 ab\n",
        "99999999999999999999 a=b\n", "1 ", "2 \n", "0 a=b\n", "6 a=b\n\n"}) {
    SCOPED_TRACE(text);
    expect_error(ErrorKind::kCorrupt, "pax record", [&] { parse_pax(text); });
  }
}

TEST(ArchiveTarFormat, AllowsNulOnlyInXattrValues) {
  EXPECT_EQ(parse_pax(raw("25 SCHILY.xattr.user.a=\0\n", 25)).at(0).value, std::string(1, '\0'));
  expect_error(ErrorKind::kCorrupt, "NUL", [] { parse_pax(raw("11 path=a\0\n", 11)); });
  expect_error(ErrorKind::kCorrupt, "NUL", [] { parse_pax(raw("7 a\0=b\n", 7)); });
}

TEST(ArchiveTarFormat, PaxLengthsCountTheirOwnDigits) {
  for (std::size_t size : {1, 4, 5, 6, 90, 91, 92, 93, 94, 985, 990, 991, 992, 993, 5000}) {
    std::string value(size, 'v');
    std::string text = format_pax({{"k", value}});
    EXPECT_EQ(std::stoul(text), text.size());
    std::vector<PaxRecord> records = parse_pax(text);
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].value, value);
  }
}

TEST(ArchiveTarFormat, TimesGoBothWays) {
  struct Case {
    const char* text;
    Time time;
  };
  for (const Case& each :
       {Case{"0", {0, 0}}, Case{"12", {12, 0}}, Case{"12.5", {12, 500'000'000}},
        Case{"12.000000001", {12, 1}}, Case{"-3", {-3, 0}}, Case{"-0.5", {-1, 500'000'000}},
        Case{"-2.25", {-3, 750'000'000}}, Case{"9223372036854775807", {9223372036854775807, 0}},
        Case{"-9223372036854775808", {std::numeric_limits<std::int64_t>::min(), 0}},
        Case{"-9223372036854775807.5", {std::numeric_limits<std::int64_t>::min(), 500'000'000}}}) {
    Time parsed = parse_time(each.text);
    EXPECT_EQ(parsed.seconds, each.time.seconds) << each.text;
    EXPECT_EQ(parsed.nanoseconds, each.time.nanoseconds) << each.text;
    EXPECT_EQ(format_time(each.time), each.text);
  }
  EXPECT_EQ(parse_time("1.23456789012").nanoseconds, 234'567'890U);
  EXPECT_EQ(parse_time("1.").nanoseconds, 0U);
}

TEST(ArchiveTarFormat, RefusesBadTimesAndNumbers) {
  for (std::string_view text : {"", "-", ".5", "1.5x", "1,5", "--1", "1.-5", " 1"}) {
    expect_error(ErrorKind::kCorrupt, "not a number", [&] { parse_time(text); });
  }
  for (std::string_view text : {"9223372036854775808", "-9223372036854775809", "-9223372036854775808.5"}) {
    expect_error(ErrorKind::kCorrupt, "out of range", [&] { parse_time(text); });
  }
  for (std::string_view text : {"", "-1", "0x1", "1 ", "9223372036854775808"}) {
    expect_error(ErrorKind::kCorrupt, "not decimal", [&] { parse_decimal(text); });
  }
}

}  // namespace
}  // namespace cooper::archive::tar
