#include "build/store_check.h"

#include <filesystem>
#include <gmock/gmock.h>

#include "base/error.h"
#include "os/fd.h"
#include "tests/unit/build/store_fixture.h"

namespace cooper::build {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class BuildStoreCheck : public StoreOfAStep {
 protected:
  void damage_blob() const { fs::resize_file(store_->blob_path(blob_), 1); }
};

TEST_F(BuildStoreCheck, CountsWhatIsInOrder) {
  StoreCheck check = check_store(*store_, {});
  EXPECT_EQ(check.layers, 1U);
  EXPECT_EQ(check.blobs, 1U);
  EXPECT_GE(check.records, 1U);
  EXPECT_THAT(check.damage, IsEmpty());
}

TEST_F(BuildStoreCheck, NamesDamageAndRemovesIt) {
  damage_blob();
  fs::resize_file(store_->layer_path(layer_) + "/index", 5);
  StoreCheck check = check_store(*store_, {});
  std::vector<std::string> what;
  for (const StoreDamage& damage : check.damage) what.push_back(damage.what);
  EXPECT_THAT(what, ::testing::UnorderedElementsAre(HasSubstr("blob '" + blob_.hex() + "': its content"),
                                                    HasSubstr("layer '" + layer_ + "': layer index")));
  EXPECT_THAT(repair_store(*store_, check), IsEmpty());
  EXPECT_FALSE(fs::exists(store_->blob_path(blob_)));
  EXPECT_FALSE(fs::exists(store_->layer_path(layer_)));
  EXPECT_THAT(check_store(*store_, {}).damage, IsEmpty());
}

TEST_F(BuildStoreCheck, WhatARunningBuildUsesStays) {
  std::shared_ptr<store::Store> builder = store::Store::open(store_->path());
  ASSERT_TRUE(builder->has_blob(blob_));
  damage_blob();
  StoreCheck check = check_store(*store_, {});
  EXPECT_THAT(repair_store(*store_, check), ::testing::ElementsAre(HasSubstr("is used by a running build")));
  EXPECT_TRUE(fs::exists(store_->blob_path(blob_)));
}

TEST_F(BuildStoreCheck, EndsOnAStopRequest) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(check_store(*store_, stop.get_token()), base::Error);
}

}  // namespace
}  // namespace cooper::build
