#include "build/limit_store.h"

#include <filesystem>
#include <gmock/gmock.h>

#include "support/fake_launcher.h"
#include "tests/unit/build/store_fixture.h"

namespace cooper::build {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class BuildLimitStore : public StoreOfAStep {
 protected:
  BuildLimitStore() {
    tools_.store = store_;
    tools_.events = &events_;
  }
  std::vector<std::string> notes() const { return events_.texts(base::Event::Kind::kNote); }
  std::vector<std::string> warnings() const { return events_.texts(base::Event::Kind::kWarning); }
  support::RecordedEvents events_;
  Toolbox tools_;
};

TEST_F(BuildLimitStore, SaysNothingWhenNothingGoes) {
  limit_store(tools_, std::nullopt, {});
  limit_store(tools_, store::kNoLimit, {});
  limit_store(tools_, 100'000'000, {});
  EXPECT_THAT(notes(), IsEmpty());
  EXPECT_THAT(warnings(), IsEmpty());
}

TEST_F(BuildLimitStore, SaysWhatWentAndWhatStays) {
  std::shared_ptr<store::Store> builder = store::Store::open(store_->path());
  ASSERT_TRUE(builder->has_blob(blob_));
  limit_store(tools_, 1, {});
  ASSERT_THAT(notes(), ElementsAre(HasSubstr("store: removed ")));
  EXPECT_THAT(notes()[0], HasSubstr("above the limit of 1 B: running builds hold it"));
  EXPECT_FALSE(std::filesystem::exists(store_->layer_path(layer_)));
  EXPECT_TRUE(std::filesystem::exists(store_->blob_path(blob_)));
}

TEST_F(BuildLimitStore, AStoreThatCannotBeReadIsAWarning) {
  std::filesystem::remove_all(store_->path() + "/layers");
  os::write_file_atomically(store_->path() + "/layers", "no directory");
  limit_store(tools_, 1, {});
  EXPECT_THAT(warnings(), ElementsAre(HasSubstr("cannot keep the store below its limit: ")));
}

}  // namespace
}  // namespace cooper::build
