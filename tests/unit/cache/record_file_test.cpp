#include "cache/record_file.h"

#include <filesystem>
#include <gtest/gtest.h>

#include "base/error.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "support/cache_backend_suite.h"
#include "support/error_of.h"

namespace cooper::cache {
namespace {

class CacheRecordFile : public ::testing::Test {
 protected:
  os::TempDir directory_{std::filesystem::temp_directory_path().string(), "record-file-"};
  std::string path_ = directory_.path() + "/record";
  Record record_ = test::full_record("a", {});
};

TEST_F(CacheRecordFile, NoFileIsNoRecord) {
  EXPECT_EQ(read_record_file(path_, record_.key), std::nullopt);
  EXPECT_EQ(read_record_text(path_), std::nullopt);
}

TEST_F(CacheRecordFile, GivesTheRecordOfItsKeys) {
  record_.blob.reset();
  record_.content_key = base::sha256("content");
  os::write_file_atomically(path_, record_.serialize());
  EXPECT_EQ(read_record_file(path_, record_.key), record_);
  EXPECT_EQ(read_record_file(path_, *record_.content_key), record_);
  base::Error other = support::error_of([&] { read_record_file(path_, base::sha256("other")); });
  EXPECT_EQ(other.kind(), base::ErrorKind::kCorrupt);
}

TEST_F(CacheRecordFile, ADirectoryOrALinkIsRefused) {
  std::filesystem::create_directory(path_);
  EXPECT_THROW(read_record_text(path_), base::Error);
  std::filesystem::create_symlink("/dev/zero", path_ + "-link");
  EXPECT_THROW(read_record_text(path_ + "-link"), base::Error);
}

}  // namespace
}  // namespace cooper::cache
