#include "dockerfile/quote.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "dockerfile/paths.h"
#include "dockerfile/unicode.h"

namespace cooper::dockerfile {
namespace {

TEST(DockerfileQuote, QuotesAsGoDoes) {
  EXPECT_EQ(quote("a\"b\\\n\x01\xFF\xED\x95\x9C"), "\"a\\\"b\\\\\\n\\x01\\xff\xED\x95\x9C\"");
  EXPECT_EQ(quote_list({"/bin/sh", "-c", "a b"}), "[\"/bin/sh\" \"-c\" \"a b\"]");
  EXPECT_EQ(plain_list({"a", "b c"}), "[a b c]");
}

TEST(DockerfileQuote, WritesAndReadsDurations) {
  EXPECT_EQ(duration_text(0), "0s");
  EXPECT_EQ(duration_text(90000000000), "1m30s");
  EXPECT_EQ(duration_text(1500000), "1.5ms");
  EXPECT_EQ(duration_text(3600000000000), "1h0m0s");
  EXPECT_EQ(parse_duration("1m30.5s"), 90500000000);
  EXPECT_EQ(parse_duration("-2ms"), -2000000);
  for (const char* text : {"", "5", "5x", ".s", "1.2.3s", "s"})
    EXPECT_THROW(parse_duration(text), base::Error) << text;
}

TEST(DockerfileQuote, ReadsSizes) {
  EXPECT_EQ(parse_size("64m"), 64 << 20);
  EXPECT_EQ(parse_size("1.5KiB"), 1536);
  EXPECT_EQ(parse_size("7"), 7);
  for (const char* text : {"", "x", "1q", "1mm"}) EXPECT_THROW(parse_size(text), base::Error) << text;
}

TEST(DockerfileQuote, SuggestsWithinTwoEdits) {
  EXPECT_EQ(suggest("COYP", {"COPY", "RUN"}, false), "COPY");
  EXPECT_EQ(suggest("coyp", {"COPY"}, false), "copy");
  EXPECT_EQ(suggest("xyzzy", {"COPY"}, false), "");
  EXPECT_EQ(suggest("copy", {"copy", "cop"}, true), "");
}

TEST(DockerfilePaths, CleansAndKeepsTheDirectoryMark) {
  EXPECT_EQ(clean_path("/a//b/./../c"), "/a/c");
  EXPECT_EQ(clean_path("/../.."), "/");
  EXPECT_EQ(clean_path(""), ".");
  EXPECT_EQ(destination_path("/w", "x/"), "/w/x/");
  EXPECT_EQ(destination_path("/w", "."), "/w/");
  EXPECT_EQ(destination_path("/w", "/x/."), "/x/");
  EXPECT_EQ(destination_path("/", ""), "/");
  EXPECT_EQ(base_name("/a/b/"), "b");
}

TEST(DockerfileUnicode, DecodesOnlyValidUtf8) {
  EXPECT_EQ(decode_utf8("\xC3\xA9").code, 0xE9U);
  EXPECT_EQ(decode_utf8("\xC0\xAF").code, kReplacement);
  EXPECT_EQ(decode_utf8("\xED\xA0\x80").code, kReplacement);
  EXPECT_EQ(decode_utf8("\xF0\x9F").width, 1U);
  EXPECT_EQ(encode_all(decode_all("a\xF0\x9F\x98\x80")), "a\xF0\x9F\x98\x80");
  EXPECT_EQ(trim_space("\xC2\xA0 a \xE3\x80\x80"), "a");
  EXPECT_TRUE(is_letter(0xD55C));
  EXPECT_FALSE(is_letter(0x2014));
}

}  // namespace
}  // namespace cooper::dockerfile
