#include "cache/store_records.h"

#include <filesystem>
#include <gmock/gmock.h>

#include "cache/local.h"
#include "cache/records.h"
#include "os/fd.h"

namespace cooper::cache {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class CacheStoreRecords : public ::testing::Test {
 protected:
  void SetUp() override {
    record_.key = base::sha256("key");
    record_.layer_id = "layer-1";
    record_.step_id = "step";
    Records(std::make_shared<LocalBackend>(store_), [](const std::string&) {}).put(record_, {});
  }
  // One line for each record that is damaged.
  std::vector<std::string> damage() const {
    std::vector<std::string> found;
    store::Usage usage = store::measure_usage(*store_);
    for (const store::Item& item : usage.items) {
      std::string what = find_record_damage(item);
      if (!what.empty()) found.push_back(item.id + ": " + what);
    }
    return found;
  }
  std::string path() const {
    const std::string hex = record_.key.hex();
    return store_->records_path() + "/" + hex.substr(0, 2) + "/" + hex + ".json";
  }

  os::TempDir directory_{::testing::TempDir(), "store-records-"};
  std::shared_ptr<store::Store> store_ = store::Store::open(directory_.path() + "/store");
  Record record_;
};

TEST_F(CacheStoreRecords, KnowTheirLayer) {
  EXPECT_EQ(layer_of_record(path()), "layer-1");
  EXPECT_EQ(layer_of_record(path() + "x"), std::nullopt);
  os::write_file_atomically(path(), "{");
  EXPECT_EQ(layer_of_record(path()), std::nullopt);
}

// What was brought from another cache is a blob first, and unpacked when a step needs it.
TEST_F(CacheStoreRecords, WithABlobNeedNoLayer) {
  record_.blob.emplace();
  record_.blob->media_type = "application/vnd.oci.image.layer.v1.tar+gzip";
  record_.blob->digest = base::sha256("blob");
  Records(std::make_shared<LocalBackend>(store_), [](const std::string&) {}).put(record_, {});
  EXPECT_EQ(layer_of_record(path()), "");
}

TEST_F(CacheStoreRecords, AreWhatTheBackendWrites) {
  EXPECT_GE(store::measure_usage(*store_).items.size(), 2U);
  EXPECT_THAT(damage(), ::testing::IsEmpty());
}

TEST_F(CacheStoreRecords, FindsWhatDoesNotParse) {
  os::write_file_atomically(path(), "{");
  EXPECT_THAT(damage(), ::testing::ElementsAre(HasSubstr(record_.key.hex())));
}

TEST_F(CacheStoreRecords, FindsWhatLiesUnderAnotherName) {
  const std::string other = base::sha256("other").hex();
  fs::create_directories(store_->records_path() + "/" + other.substr(0, 2));
  fs::create_directories(store_->records_path() + "/zz");
  fs::copy(path(), store_->records_path() + "/" + other.substr(0, 2) + "/" + other + ".json");
  fs::copy(path(), store_->records_path() + "/zz/" + record_.key.hex() + ".json");
  fs::copy(path(), store_->records_path() + "/zz/stray");
  os::write_file_atomically(store_->records_path() + "/steps/" + other + ".json", record_.serialize());
  EXPECT_THAT(damage(), ::testing::UnorderedElementsAre(HasSubstr("it is the record of another key"),
                                                        HasSubstr("it lies in the directory of other keys"),
                                                        HasSubstr("its name is no key"),
                                                        HasSubstr("it is the record of another step")));
}

}  // namespace
}  // namespace cooper::cache
