#include "adapters/store_place.h"

#include <filesystem>
#include <gtest/gtest.h>

#include "os/beneath.h"

namespace cooper::adapters {
namespace {

namespace fs = std::filesystem;

class AdaptersStorePlace : public ::testing::Test {
 protected:
  AdaptersStorePlace() { fs::create_directories(builds_ + "/app"); }
  // Of the job's file systems only these are overlays.
  std::optional<Option> place(const std::vector<std::string>& overlays) {
    return store_beside_sources("/home/ci/.cache/cooper", builds_ + "/app", [&](const std::string& path) {
      return std::find(overlays.begin(), overlays.end(), path) != overlays.end();
    });
  }
  os::TempDir directory_{::testing::TempDir(), "store-place-"};
  std::string builds_ = fs::path(directory_.path() + "/builds").lexically_normal();
};

TEST_F(AdaptersStorePlace, IsTheUsualOneWhereThatWorks) {
  EXPECT_EQ(place({}), std::nullopt);
}

TEST_F(AdaptersStorePlace, IsBesideTheSourcesWhenTheUsualOneIsAnOverlay) {
  std::optional<Option> store = place({"/home/ci/.cache/cooper"});
  ASSERT_TRUE(store);
  EXPECT_EQ(store->flag, "--store");
  EXPECT_EQ(store->value, builds_ + "/.cooper-store");
}

TEST_F(AdaptersStorePlace, IsAmongTheSourcesWhenOnlyTheyAreOnAVolume) {
  EXPECT_EQ(place({"/home/ci/.cache/cooper", builds_})->value, builds_ + "/app/.cooper-store");
}

TEST_F(AdaptersStorePlace, StaysWhereItIsWhenAllIsAnOverlay) {
  EXPECT_EQ(place({"/home/ci/.cache/cooper", builds_ + "/app"}), std::nullopt);
}

}  // namespace
}  // namespace cooper::adapters
