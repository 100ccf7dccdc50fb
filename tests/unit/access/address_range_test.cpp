#include "access/address_range.h"

#include <gtest/gtest.h>

namespace cooper::access {

TEST(AccessAddressRange, ContainsAddressesWithAndWithoutPort) {
  const auto range = AddressRange::parse("10.1.128.0/17");
  ASSERT_TRUE(range);
  EXPECT_TRUE(range->contains("10.1.128.1"));
  EXPECT_TRUE(range->contains("10.1.255.255:5000"));
  EXPECT_FALSE(range->contains("10.1.127.255"));
  EXPECT_FALSE(range->contains("[fd00::1]:5000"));
  EXPECT_FALSE(range->contains("r.example"));
  EXPECT_FALSE(range->contains(""));
}

TEST(AccessAddressRange, KnowsVersionSix) {
  const auto range = AddressRange::parse("fd00::/8");
  ASSERT_TRUE(range);
  EXPECT_TRUE(range->contains("[fd12::1]:5000"));
  EXPECT_FALSE(range->contains("[fe00::1]"));
  EXPECT_TRUE(AddressRange::parse("::/0")->contains("[::1]"));
}

TEST(AccessAddressRange, RefusesWhatIsNoRange) {
  for (const char* text :
       {"10.0.0.1", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8x", "r.example/8", "::/129", "/8", ""})
    EXPECT_FALSE(AddressRange::parse(text)) << text;
}

}  // namespace cooper::access
