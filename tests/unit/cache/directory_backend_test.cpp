#include "cache/directory_backend.h"

#include <chrono>
#include <filesystem>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "os/beneath.h"
#include "os/fd.h"
#include "support/cache_backend_suite.h"
#include "support/error_of.h"
#include "support/layer_tar.h"

namespace cooper::cache {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct DirectoryWorld {
  os::TempDir place{fs::temp_directory_path().string(), "cache-directory-"};
  std::map<base::Digest, std::string> blobs;

  std::string directory() const { return place.path() + "/cache"; }
  std::unique_ptr<DirectoryBackend> open_directory(const std::string& scope = "") {
    BlobProvider provider;
    provider.open = [this](const oci::Descriptor& blob,
                           const std::stop_token&) -> std::unique_ptr<base::ByteSource> {
      return std::make_unique<support::StringSource>(blobs.at(blob.digest));
    };
    return std::make_unique<DirectoryBackend>(directory(), scope, provider);
  }
  std::unique_ptr<Backend> open() { return open_directory(); }
  oci::Descriptor add_blob(const std::string& data) {
    oci::Descriptor blob;
    blob.media_type = "application/vnd.oci.image.layer.v1.tar+gzip";
    blob.digest = base::sha256(data);
    blob.size = data.size();
    blobs[blob.digest] = data;
    return blob;
  }
  std::string path(const std::string& id) const { return directory() + "/records/" + id + ".json"; }
  void damage(const DocumentName& name) { os::write_file_atomically(path(name.id), "{\"key\": \"sha256:12"); }
};

class CacheDirectory : public ::testing::Test {
 protected:
  Record record(const std::string& name) {
    return test::full_record(name, world_.add_blob("blob of " + name));
  }
  std::string root() const { return os::read_file(world_.directory() + "/root"); }
  // Files and directories below tmp/.
  std::vector<std::string> work() const {
    std::vector<std::string> names;
    for (const auto& item : fs::recursive_directory_iterator(world_.directory() + "/tmp"))
      names.push_back(item.path());
    return names;
  }

  DirectoryWorld world_;
  std::shared_ptr<DirectoryBackend> backend_ = world_.open_directory();
  std::vector<std::string> heard_;
  Records records_{backend_, [this](const std::string& text) { heard_.push_back(text); }};
};

TEST_F(CacheDirectory, AMissingDirectoryIsAnEmptyCacheAndIsNotMade) {
  EXPECT_FALSE(records_.find(base::sha256("a"), {}));
  EXPECT_TRUE(backend_->list(DocumentKind::kRecord, {}).empty());
  EXPECT_FALSE(fs::exists(world_.directory()));
  EXPECT_THAT(heard_, IsEmpty());
}

TEST_F(CacheDirectory, TheRootTellsWhetherAnythingCameOrWent) {
  records_.put(record("a"), {});
  backend_->finish();
  std::string before = root();
  records_.put(record("a"), {});
  backend_->finish();
  EXPECT_EQ(root(), before);
  records_.put(record("b"), {});
  backend_->finish();
  EXPECT_NE(root(), before);
  before = root();
  backend_->write({DocumentKind::kMount, "m"}, {"1", {}}, {});
  backend_->finish();
  EXPECT_NE(root(), before);
  before = root();
  backend_->write({DocumentKind::kMount, "m"}, {"2", {}}, {});
  backend_->finish();
  EXPECT_NE(root(), before) << "other content under the same name";
}

TEST_F(CacheDirectory, ScopesShareBlobsAndDoNotSeeEachOther) {
  Record record = this->record("a");
  std::shared_ptr<DirectoryBackend> branch = world_.open_directory("branch");
  Records scoped(branch, [](const std::string& text) { FAIL() << text; });
  scoped.put(record, {});
  EXPECT_TRUE(scoped.find(record.key, {}));
  EXPECT_FALSE(records_.find(record.key, {}));
  EXPECT_THAT(branch->name(), HasSubstr("branch"));
  EXPECT_TRUE(fs::exists(world_.directory() + "/blobs/sha256/" + record.blob->digest.hex()));
}

TEST_F(CacheDirectory, HoldsNothingHalfWritten) {
  Record record = this->record("a");
  world_.blobs[record.blob->digest] = "other bytes";
  EXPECT_EQ(support::error_of([&] { records_.put(record, {}); }).kind(), base::ErrorKind::kCorrupt);
  EXPECT_FALSE(records_.find(record.key, {}));
  EXPECT_FALSE(fs::exists(world_.directory() + "/blobs"));
  EXPECT_EQ(work().size(), 1U) << "the directory of this process";
}

TEST_F(CacheDirectory, SweepsTheWorkOfProcessesThatAreGone) {
  records_.put(record("a"), {});
  std::string dead = world_.directory() + "/tmp/dead";
  fs::create_directory(dead);
  os::write_file_atomically(dead + "/half", "written");
  Records other(world_.open_directory(), [](const std::string& text) { FAIL() << text; });
  other.put(record("b"), {});
  EXPECT_FALSE(fs::exists(dead));
  EXPECT_EQ(work().size(), 2U) << "those of running processes stay";
}

TEST_F(CacheDirectory, ADamagedBlobIsWrittenAnew) {
  Record record = this->record("a");
  records_.put(record, {});
  std::string path = world_.directory() + "/blobs/sha256/" + record.blob->digest.hex();
  for (const char* damaged : {"cut", "blob of x"}) {
    os::write_file_atomically(path, damaged);
    records_.put(record, {});
    EXPECT_EQ(os::read_file(path), "blob of a");
  }
}

TEST_F(CacheDirectory, RemovesBlobsThatNothingNamesOnceTheyAreOld) {
  Record record = this->record("a");
  records_.put(record, {});
  const std::string blobs = world_.directory() + "/blobs/sha256/";
  const std::string old = blobs + base::sha256("old").hex();
  const std::string young = blobs + base::sha256("young").hex();
  const std::string kept = blobs + record.blob->digest.hex();
  for (const std::string& path : {old, young}) os::write_file_atomically(path, "left");
  for (const std::string& path : {old, kept})
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(2));
  backend_->finish();
  EXPECT_FALSE(fs::exists(old));
  EXPECT_TRUE(fs::exists(young)) << "another job's document may follow";
  EXPECT_TRUE(fs::exists(kept));
}

TEST_F(CacheDirectory, ARestoredLinkOrPipeIsNotFollowed) {
  Record record = this->record("a");
  records_.put(record, {});
  const std::string path = world_.path(record.key.hex());
  fs::rename(path, world_.place.path() + "/elsewhere");
  fs::create_symlink(world_.place.path() + "/elsewhere", path);
  EXPECT_FALSE(records_.find(record.key, {}));
  fs::remove(path);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_FALSE(records_.find(record.key, {}));
  EXPECT_EQ(heard_.size(), 2U);
}

}  // namespace
}  // namespace cooper::cache

namespace cooper::test {
INSTANTIATE_TYPED_TEST_SUITE_P(Directory, CacheBackendSuite, cache::DirectoryWorld);
}  // namespace cooper::test
