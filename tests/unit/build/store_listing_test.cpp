#include "build/store_listing.h"

#include <filesystem>
#include <gmock/gmock.h>

#include "store/usage.h"
#include "tests/unit/build/store_fixture.h"

namespace cooper::build {
namespace {

class BuildStoreListing : public StoreOfAStep {
 protected:
  StoreRow row(const std::string& kind) const {
    for (const StoreRow& row : list_store(*store_).rows) {
      if (row.kind == kind) return row;
    }
    return {};
  }
};

TEST_F(BuildStoreListing, SaysWhatThingsAre) {
  EXPECT_EQ(row("layer").what, "RUN make");
  EXPECT_EQ(row("layer").id, layer_);
  EXPECT_EQ(row("blob").what, "manifest or config");
  std::filesystem::create_directories(store_->mounts_path() + "/m/0");
  EXPECT_EQ(row("mount").what, "cache mount");
}

TEST_F(BuildStoreListing, RecordsAreOneRow) {
  StoreRow records = row("record");
  EXPECT_GE(records.count, 2U);
  EXPECT_GT(records.size, 0U);
  EXPECT_GT(records.last_used, 0);
  StoreListing listing = list_store(*store_);
  EXPECT_EQ(listing.rows.back().kind, "record");
}

TEST_F(BuildStoreListing, TheTotalIsOfAll) {
  StoreListing listing = list_store(*store_);
  std::uint64_t sum = 0;
  for (const StoreRow& row : listing.rows) sum += row.size;
  EXPECT_GE(listing.total, sum);
  EXPECT_EQ(listing.total, store::measure_usage(*store_).total());
}

TEST_F(BuildStoreListing, ALayerThatNoRecordNamesIsShown) {
  std::filesystem::remove_all(store_->records_path());
  EXPECT_EQ(row("layer").what, "of no known step");
}

}  // namespace
}  // namespace cooper::build
