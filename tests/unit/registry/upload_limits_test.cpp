#include "registry/upload_limits.h"

#include <gtest/gtest.h>

namespace cooper::registry {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

TEST(RegistryUploadLimits, HalvesUntilTheHostIsContent) {
  UploadLimits limits;
  EXPECT_FALSE(limits.chunk("r"));
  EXPECT_TRUE(limits.refused("r", 1000 * kMiB));
  EXPECT_EQ(limits.chunk("r"), 32 * kMiB);
  EXPECT_TRUE(limits.refused("r", 32 * kMiB));
  EXPECT_EQ(limits.chunk("r"), 16 * kMiB);
  EXPECT_TRUE(limits.refused("r", 1 * kMiB));
  EXPECT_EQ(limits.chunk("r"), kMiB / 2);
  EXPECT_FALSE(limits.refused("r", kMiB / 2)) << "nothing smaller is tried";
  EXPECT_FALSE(limits.chunk("other"));
}

TEST(RegistryUploadLimits, ASmallBlobThatWasTooLargeTeachesLess) {
  UploadLimits limits;
  EXPECT_TRUE(limits.refused("r", 5 * kMiB));
  EXPECT_EQ(limits.chunk("r"), 4 * kMiB);
  EXPECT_FALSE(limits.refused("r", 100));
  EXPECT_EQ(limits.chunk("r"), 4 * kMiB);
}

TEST(RegistryUploadLimits, ALateRefusalDoesNotRaiseTheLimit) {
  UploadLimits limits;
  limits.refused("r", 2 * kMiB);
  EXPECT_TRUE(limits.refused("r", 1000 * kMiB));
  EXPECT_TRUE(limits.refused("r", std::nullopt));
  EXPECT_EQ(limits.chunk("r"), kMiB);
}

}  // namespace
}  // namespace cooper::registry
