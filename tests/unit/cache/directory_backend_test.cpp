#include "cache/directory_backend.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "base/guarded.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "support/cache_backend_suite.h"
#include "support/error_of.h"
#include "support/layer_tar.h"

namespace cooper::cache {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

struct DirectoryWorld {
  os::TempDir place{fs::temp_directory_path().string(), "cache-directory-"};
  std::map<base::Digest, std::string> blobs;
  mutable base::Guarded<std::vector<std::string>> heard;

  std::string directory() const { return place.path() + "/cache"; }
  std::unique_ptr<DirectoryBackend> open_directory() {
    BlobProvider provider;
    provider.open = [this](const oci::Descriptor& blob,
                           const std::stop_token&) -> std::unique_ptr<base::ByteSource> {
      return std::make_unique<support::StringSource>(blobs.at(blob.digest));
    };
    return std::make_unique<DirectoryBackend>(directory(), provider, [this](const std::string& text) {
      heard.with([&](auto& lines) { lines.push_back(text); });
    });
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
  std::string path(const base::Digest& key) const { return directory() + "/records/" + key.hex() + ".json"; }
  void damage(const base::Digest& key) { os::write_file_atomically(path(key), "{\"key\": \"sha256:12"); }
  std::vector<std::string> warnings() const {
    return heard.with([](const auto& lines) { return lines; });
  }
};

class CacheDirectory : public ::testing::Test {
 protected:
  Record record(const std::string& name) {
    return test::full_record(name, world_.add_blob("blob of " + name));
  }
  std::string root() const { return os::read_file(world_.directory() + "/root"); }
  DirectoryWorld world_;
};

TEST_F(CacheDirectory, AMissingDirectoryIsAnEmptyCacheAndIsNotMade) {
  EXPECT_FALSE(world_.open()->find({base::sha256("a")}, {}).front());
  EXPECT_FALSE(fs::exists(world_.directory()));
  EXPECT_THAT(world_.warnings(), IsEmpty());
}

TEST_F(CacheDirectory, TheRootTellsWhetherAnythingCameOrWent) {
  auto backend = world_.open_directory();
  backend->put(record("a"), {});
  backend->write_root();
  std::string before = root();
  backend->put(record("a"), {});
  backend->write_root();
  EXPECT_EQ(root(), before);
  backend->put(record("b"), {});
  backend->write_root();
  EXPECT_NE(root(), before);
}

TEST_F(CacheDirectory, HoldsNothingHalfWritten) {
  auto backend = world_.open_directory();
  Record record = this->record("a");
  world_.blobs[record.blob->digest] = "other bytes";
  EXPECT_EQ(support::error_of([&] { backend->put(record, {}); }).kind(), base::ErrorKind::kCorrupt);
  EXPECT_FALSE(backend->find({record.key}, {}).front());
  EXPECT_TRUE(fs::is_empty(world_.directory() + "/blobs/sha256"));
  EXPECT_TRUE(fs::is_empty(world_.directory() + "/tmp"));
}

TEST_F(CacheDirectory, ACutBlobIsWrittenAnew) {
  auto backend = world_.open_directory();
  Record record = this->record("a");
  backend->put(record, {});
  std::string path = world_.directory() + "/blobs/sha256/" + record.blob->digest.hex();
  os::write_file_atomically(path, "cut");
  backend->put(record, {});
  EXPECT_EQ(os::read_file(path), "blob of a");
}

TEST_F(CacheDirectory, ARestoredLinkOrPipeIsNotFollowed) {
  auto backend = world_.open_directory();
  Record record = this->record("a");
  backend->put(record, {});
  fs::rename(world_.path(record.key), world_.place.path() + "/elsewhere");
  fs::create_symlink(world_.place.path() + "/elsewhere", world_.path(record.key));
  EXPECT_FALSE(backend->find({record.key}, {}).front());
  fs::remove(world_.path(record.key));
  ASSERT_EQ(::mkfifo(world_.path(record.key).c_str(), 0600), 0);
  EXPECT_FALSE(backend->find({record.key}, {}).front());
  EXPECT_EQ(world_.warnings().size(), 2U);
}

}  // namespace
}  // namespace cooper::cache

namespace cooper::test {
INSTANTIATE_TYPED_TEST_SUITE_P(Directory, CacheBackendSuite, cache::DirectoryWorld);
}  // namespace cooper::test
