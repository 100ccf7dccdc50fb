#include "build/warm_blobs.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

#include "support/layout_on_disk.h"

namespace cooper::build {
namespace {

class BuildWarmBlobs : public ::testing::Test {
 protected:
  std::string read(const WarmBlobs& blobs, const base::Digest& digest) const {
    const auto source = blobs.open(digest);
    return source == nullptr ? "none" : base::read_all(*source, 1 << 20, "a blob");
  }
  os::TempDir directory_{::testing::TempDir(), "warm-"};
  support::LayoutOnDisk first_{directory_.path() + "/first"};
  support::LayoutOnDisk second_{directory_.path() + "/second"};
  WarmBlobs blobs_{{directory_.path() + "/missing", first_.path(), second_.path()}};
};

TEST_F(BuildWarmBlobs, AreFoundInAnyLayout) {
  const oci::Descriptor blob = second_.put("text/plain", "warm");
  EXPECT_EQ(read(blobs_, blob.digest), "warm");
  EXPECT_EQ(read(blobs_, base::sha256("cold")), "none");
}

TEST_F(BuildWarmBlobs, ADamagedOneIsNone) {
  const oci::Descriptor blob = first_.put("text/plain", "warm");
  std::ofstream(first_.blob_path(blob.digest)) << "worn";
  EXPECT_EQ(read(blobs_, blob.digest), "none");
  second_.put("text/plain", "warm");
  EXPECT_EQ(read(blobs_, blob.digest), "warm");
}

TEST_F(BuildWarmBlobs, ALinkIsNone) {
  std::ofstream(directory_.path() + "/elsewhere") << "warm";
  std::filesystem::create_symlink(directory_.path() + "/elsewhere", first_.blob_path(base::sha256("warm")));
  EXPECT_EQ(read(blobs_, base::sha256("warm")), "none");
}

}  // namespace
}  // namespace cooper::build
