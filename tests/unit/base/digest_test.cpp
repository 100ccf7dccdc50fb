#include "base/digest.h"

#include <gtest/gtest.h>
#include <unordered_set>

#include "base/error.h"

namespace cooper::base {
namespace {

// FIPS 180-2, appendix B.
constexpr const char* kEmpty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr const char* kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr const char* kMillionA = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

TEST(BaseDigest, HashesTheStandardsExamples) {
  EXPECT_EQ(sha256("").hex(), kEmpty);
  EXPECT_EQ(sha256("abc").hex(), kAbc);
  EXPECT_EQ(sha256(std::as_bytes(std::span(std::string_view("abc")))).hex(), kAbc);
}

TEST(BaseDigest, HashesInPieces) {
  Hasher hasher;
  const std::string piece(1000, 'a');
  for (int i = 0; i < 1000; ++i) hasher.update(piece);
  EXPECT_EQ(hasher.finish().hex(), kMillionA);
  EXPECT_EQ(Hasher().update("a").update("").update("bc").finish().hex(), kAbc);
}

TEST(BaseDigest, HasherMovesWithItsState) {
  Hasher first;
  first.update("ab");
  Hasher second = std::move(first);
  first = Hasher();
  EXPECT_EQ(second.update("c").finish().hex(), kAbc);
  EXPECT_EQ(first.finish().hex(), kEmpty);
}

TEST(BaseDigest, RoundTripsThroughText) {
  const Digest digest = sha256("abc");
  EXPECT_EQ(digest.str(), std::string("sha256:") + kAbc);
  EXPECT_EQ(digest.short_hex(), "ba7816bf8f01");
  EXPECT_EQ(Digest::parse(digest.str()), digest);
  EXPECT_EQ(Digest::from_hex(digest.hex()), digest);
  EXPECT_EQ(Digest::parse_or_throw(digest.str()), digest);
}

TEST(BaseDigest, RefusesAllOtherText) {
  const std::string hex = kAbc;
  for (const std::string& text :
       {std::string(), std::string("sha256:"), hex, "sha256:" + hex.substr(1), "sha256:" + hex + "0",
        "SHA256:" + hex, "sha512:" + hex + hex, " sha256:" + hex, "sha256:" + hex.substr(1) + "g",
        "sha256:" + hex.substr(1) + "A", "sha256:" + hex.substr(2) + "..",
        "sha256:" + std::string(64, '\0')}) {
    EXPECT_EQ(Digest::parse(text), std::nullopt) << text;
    EXPECT_THROW(Digest::parse_or_throw(text), Error) << text;
  }
}

TEST(BaseDigest, NamesTheTextItRefusesButNotAllOfIt) {
  try {
    Digest::parse_or_throw("md5:x" + std::string(10'000, 'y'));
    FAIL() << "did not throw";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCorrupt);
    EXPECT_NE(error.message().find("md5:xyy"), std::string::npos);
    EXPECT_LT(error.message().size(), 200U);
  }
}

TEST(BaseDigest, DefaultIsEmpty) {
  EXPECT_TRUE(Digest().empty());
  EXPECT_FALSE(sha256("").empty());
  EXPECT_EQ(Digest().hex(), std::string(64, '0'));
}

TEST(BaseDigest, OrdersAndHashes) {
  const Digest low = *Digest::from_hex("00" + std::string(62, 'f'));
  const Digest high = *Digest::from_hex("01" + std::string(62, '0'));
  EXPECT_LT(low, high);
  const std::unordered_set<Digest> set = {low, high, low};
  EXPECT_EQ(set.size(), 2U);
  EXPECT_TRUE(set.contains(high));
}

}  // namespace
}  // namespace cooper::base
