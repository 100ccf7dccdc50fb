#include "store/discard.h"

#include "os/file_lock.h"
#include "tests/unit/store/store_fixture.h"

namespace cooper::store {
namespace {

namespace fs = std::filesystem;
using Outcome = Discard::Outcome;

class StoreDiscard : public StoreFixture {
 protected:
  Item only_item() const {
    Usage usage = measure_usage(*store_);
    EXPECT_EQ(usage.items.size(), 1U);
    return usage.items.at(0);
  }
  Outcome take(const Item& item) {
    Discard::Moment moment(*store_);
    return discard_.take(item, moment);
  }
  std::size_t trees() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(path_ + "/trees/real"), {}));
  }
  Discard discard_{*store_};
};

TEST_F(StoreDiscard, MovesAtOnceAndDeletesLater) {
  layer("sha256-1", 1);
  Item item = only_item();
  EXPECT_EQ(take(item), Outcome::kTaken);
  EXPECT_EQ(trees(), 0U);
  EXPECT_LT(measure_usage(*store_).total(), kMegabyte) << "it is as good as gone";
  EXPECT_TRUE(discard_.empty().empty());
  EXPECT_EQ(take(item), Outcome::kGone);
}

TEST_F(StoreDiscard, LeavesWhatWasUsedSinceItWasMeasured) {
  layer("sha256-1", 1);
  Item item = only_item();
  store_->use(item.stamp);
  EXPECT_EQ(take(item), Outcome::kHeld);
  EXPECT_EQ(trees(), 1U);
}

TEST_F(StoreDiscard, LeavesWhatARunningProcessUses) {
  layer("sha256-1", 1);
  OtherProcess builder(path_, [](Store& store) { store.use(store.layer_path("sha256-1") + "/index"); });
  Item item = only_item();
  EXPECT_EQ(take(item), Outcome::kHeld);
  builder.kill();
  EXPECT_EQ(take(item), Outcome::kTaken);
}

TEST_F(StoreDiscard, LeavesATreeWhoseLayerIsBeingMade) {
  write(store_->tree_path("real", "sha256-1") + "/file", "x");
  Item item = only_item();
  fs::create_directory(store_->layer_path("sha256-1"));
  EXPECT_EQ(take(item), Outcome::kHeld);
}

TEST_F(StoreDiscard, LeavesWhatIsLocked) {
  write(path_ + "/sources/git/r/HEAD", "x");
  Item item = only_item();
  {
    os::FileLock lock = os::FileLock::acquire(item.lock, os::LockMode::kExclusive);
    EXPECT_EQ(take(item), Outcome::kHeld);
  }
  EXPECT_EQ(take(item), Outcome::kTaken);
  EXPECT_FALSE(fs::exists(item.lock));
}

TEST_F(StoreDiscard, MovesADirectoryThatNobodyMayWriteTo) {
  fs::permissions(layer("sha256-1", 1), fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_EQ(take(only_item()), Outcome::kTaken);
  EXPECT_TRUE(discard_.empty().empty());
}

}  // namespace
}  // namespace cooper::store
