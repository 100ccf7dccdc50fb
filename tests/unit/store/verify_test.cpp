#include "store/verify.h"

#include <stop_token>
#include <sys/stat.h>

#include "base/error.h"
#include "tests/unit/store/store_fixture.h"

namespace cooper::store {
namespace {

namespace fs = std::filesystem;

class StoreVerify : public StoreFixture {
 protected:
  std::string damage(const std::string& path) const {
    Item item;
    item.id = fs::path(path).filename();
    item.paths = {path};
    return find_blob_damage(item, {});
  }
};

TEST_F(StoreVerify, ABlobIsWhatItsNameSays) {
  std::string path = blob('a', 1);
  EXPECT_EQ(damage(path), "");
  fs::resize_file(path, 10);
  EXPECT_NE(damage(path).find("its content has the digest 'sha256:"), std::string::npos);
  write(store_->path() + "/blobs/sha256/stray", "x");
  EXPECT_EQ(damage(store_->path() + "/blobs/sha256/stray"), "its name is no digest");
}

TEST_F(StoreVerify, WhatIsNoFileBlocksNothing) {
  std::string path = store_->blob_path(base::sha256("x"));
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(damage(path), "it is no regular file");
  fs::remove(path);
  fs::create_symlink("/dev/zero", path);
  EXPECT_NE(damage(path), "");
}

TEST_F(StoreVerify, WhatIsGoneIsNotDamaged) {
  EXPECT_EQ(damage(store_->blob_path(base::sha256("gone"))), "");
}

TEST_F(StoreVerify, EndsOnAStopRequest) {
  Item item;
  item.paths = {blob('a', 1)};
  item.id = fs::path(item.paths[0]).filename();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(find_blob_damage(item, stop.get_token()), base::Error);
}

}  // namespace
}  // namespace cooper::store
