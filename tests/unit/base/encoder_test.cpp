#include "base/encoder.h"

#include <functional>
#include <gtest/gtest.h>
#include <limits>
#include <set>

namespace cooper::base {
namespace {

TEST(BaseEncoder, FramesTypeLabelAndValue) {
  const std::string expected =
      std::string("s") + std::string("\2\0\0\0\0\0\0\0", 8) + "ab" + std::string("\1\0\0\0\0\0\0\0", 8) + "c";
  EXPECT_EQ(Encoder().field("ab", "c").bytes(), expected);
  EXPECT_EQ(Encoder().field("ab", "c").digest(), sha256(expected));
}

TEST(BaseEncoder, WritesIntegersLittleEndian) {
  const std::string bytes = Encoder().field("", std::int64_t{-2}).bytes();
  EXPECT_EQ(bytes.substr(bytes.size() - 8), std::string("\xfe\xff\xff\xff\xff\xff\xff\xff", 8));
}

TEST(BaseEncoder, DifferentCallsNeverGiveTheSameBytes) {
  const std::vector<std::function<void(Encoder&)>> calls = {
      [](Encoder&) {},
      [](Encoder& e) { e.field("", ""); },
      [](Encoder& e) { e.field("a", ""); },
      [](Encoder& e) { e.field("", "a"); },
      [](Encoder& e) { e.field("ab", "c"); },
      [](Encoder& e) { e.field("a", "bc"); },
      [](Encoder& e) { e.field("a", "b").field("c", ""); },
      [](Encoder& e) { e.field("a", "b").field("", "c"); },
      [](Encoder& e) { e.field("a", std::string(8, '\0')); },
      [](Encoder& e) { e.field("a", std::int64_t{0}); },
      [](Encoder& e) { e.field("a", std::int64_t{1}); },
      [](Encoder& e) { e.field("a", std::int64_t{-1}); },
      [](Encoder& e) { e.field("a", std::numeric_limits<std::int64_t>::min()); },
      [](Encoder& e) { e.field("a", Digest()); },
      [](Encoder& e) { e.field("a", std::string(32, '\0')); },
      [](Encoder& e) { e.field("a", std::vector<std::string>{}); },
      [](Encoder& e) { e.field("a", std::vector<std::string>{""}); },
      [](Encoder& e) {
        e.field("a", std::vector<std::string>{"", ""});
      },
      [](Encoder& e) {
        e.field("a", std::vector<std::string>{"b", "c"});
      },
      [](Encoder& e) { e.field("a", std::vector<std::string>{"bc"}); },
      [](Encoder& e) {
        e.field("a", std::vector<std::string>{"b"}).field("a", std::vector<std::string>{"c"});
      },
      [](Encoder& e) { e.list("a", 2); },
      [](Encoder& e) { e.list("b", 2); },
  };
  std::set<std::string> seen;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    Encoder encoder;
    calls[i](encoder);
    EXPECT_TRUE(seen.insert(encoder.bytes()).second) << "call " << i << " imitates another";
  }
}

TEST(BaseEncoder, ContentCannotImitateAField) {
  const std::string imitation = Encoder().field("b", "2").bytes();
  EXPECT_NE(Encoder().field("a", "1" + imitation).bytes(), Encoder().field("a", "1").field("b", "2").bytes());
}

// The cache's keys rest on this: if it fails, kKeySchema in cache/ must grow.
TEST(BaseEncoder, FormatIsFixed) {
  const Digest digest = Encoder()
                            .field("text", "value")
                            .field("number", std::int64_t{42})
                            .field("digest", sha256("x"))
                            .field("list", std::vector<std::string>{"a", "b"})
                            .list("open", 1)
                            .digest();
  EXPECT_EQ(digest.hex(), "1ecb0e9a92091c0c5adb1cf4ea97c4ef41100d84b54fb0bd49192c61df6ca929");
}

}  // namespace
}  // namespace cooper::base
