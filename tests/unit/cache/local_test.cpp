#include "cache/local.h"

#include <csignal>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/guarded.h"
#include "cache/records.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "support/cache_backend_suite.h"

namespace cooper::cache {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct LocalWorld {
  os::TempDir directory{fs::temp_directory_path().string(), "cache-local-"};
  std::shared_ptr<store::Store> store = store::Store::open(directory.path() + "/store");

  std::unique_ptr<Backend> open() {
    return std::make_unique<LocalBackend>(store::Store::open(store->path()));
  }
  oci::Descriptor add_blob(const std::string& data) {
    oci::Descriptor blob;
    blob.media_type = "application/vnd.oci.image.layer.v1.tar+gzip";
    blob.digest = store->put_blob(data);
    blob.size = data.size();
    return blob;
  }
  std::string path(const base::Digest& key) const {
    return store->records_path() + "/" + key.hex().substr(0, 2) + "/" + key.hex() + ".json";
  }
  void damage(const DocumentName& name) {
    os::write_file_atomically(path(*base::Digest::from_hex(name.id)), "{\"key\": \"sha256:12");
  }
};

class CacheLocal : public ::testing::Test {
 protected:
  // All files below records/, relative.
  std::vector<std::string> files() const {
    std::vector<std::string> found;
    for (const auto& item : fs::recursive_directory_iterator(world_.store->records_path())) {
      if (!item.is_directory()) found.push_back(fs::relative(item.path(), world_.store->records_path()));
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  Record record(const std::string& name) { return test::full_record(name, world_.add_blob("blob")); }

  std::vector<std::string> warnings() const {
    return heard_.with([](const auto& lines) { return lines; });
  }
  Warn warn() {
    return [this](const std::string& text) { heard_.with([&](auto& lines) { lines.push_back(text); }); };
  }

  LocalWorld world_;
  base::Guarded<std::vector<std::string>> heard_;
  Records records_{std::make_shared<LocalBackend>(world_.store), warn()};
};

TEST_F(CacheLocal, KeepsTheLayersLocalName) {
  Record record = this->record("a");
  record.layer_id = "0123abcd";
  records_.put(record, {});
  EXPECT_EQ(records_.find(record.key, {}), record);
}

TEST_F(CacheLocal, WritesOneFileAKeyAndOneAStep) {
  Record record = this->record("a");
  record.content_key = base::sha256("content");
  records_.put(record, {});
  const std::string key = record.key.hex();
  const std::string content = record.content_key->hex();
  std::vector<std::string> expected = {key.substr(0, 2) + "/" + key + ".json",
                                       content.substr(0, 2) + "/" + content + ".json",
                                       "steps/" + base::sha256(record.step_id).hex() + ".json"};
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(files(), expected);
}

TEST_F(CacheLocal, TwoCachesMergeByUnionOfFiles) {
  LocalWorld other;
  const Record mine = record("mine");
  const Record theirs = record("theirs");
  records_.put(mine, {});
  Records(other.open(), warn()).put(theirs, {});
  fs::copy(other.store->records_path(), world_.store->records_path(),
           fs::copy_options::recursive | fs::copy_options::skip_existing);
  EXPECT_EQ(records_.find(mine.key, {}), mine);
  EXPECT_EQ(records_.find(theirs.key, {}), theirs);
}

TEST_F(CacheLocal, NamesADamagedRecord) {
  const Record record = this->record("a");
  records_.put(record, {});
  world_.damage({DocumentKind::kRecord, record.key.hex()});
  records_.find(record.key, {});
  EXPECT_THAT(warnings(), ElementsAre(HasSubstr(record.key.hex())));
}

TEST_F(CacheLocal, RefusesARecordUnderAnotherKeysName) {
  const Record record = this->record("a");
  records_.put(record, {});
  const base::Digest other = base::sha256("other");
  fs::create_directories(fs::path(world_.path(other)).parent_path());
  fs::copy_file(world_.path(record.key), world_.path(other));
  EXPECT_FALSE(records_.find(other, {}).has_value());
  EXPECT_EQ(warnings().size(), 1U);
  EXPECT_TRUE(records_.find(record.key, {}).has_value());
}

TEST_F(CacheLocal, FollowsNoSymlinkAndWaitsForNoPipe) {
  const Record record = this->record("a");
  records_.put(record, {});
  const fs::path path = world_.path(record.key);
  fs::rename(path, path.string() + ".elsewhere");
  fs::create_symlink(path.string() + ".elsewhere", path);
  EXPECT_FALSE(records_.find(record.key, {}).has_value());
  fs::remove(path);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_FALSE(records_.find(record.key, {}).has_value());
  EXPECT_EQ(warnings().size(), 2U);
}

TEST_F(CacheLocal, AnUnreadableRecordIsAMissThatStays) {
  const Record record = this->record("a");
  fs::create_directories(world_.path(record.key));  // reading a directory fails for root, too
  EXPECT_FALSE(records_.find(record.key, {}).has_value());
  EXPECT_EQ(warnings().size(), 1U);
}

TEST_F(CacheLocal, ADamagedLastRecordIsNone) {
  const Record record = this->record("a");
  records_.put(record, {});
  os::write_file_atomically(
      world_.store->records_path() + "/steps/" + base::sha256(record.step_id).hex() + ".json", "garbage");
  EXPECT_FALSE(records_.last_of_step(record.step_id, {}).has_value());
}

// Forks a child that opens the store and puts records in a loop; it reports through its exit code.
pid_t fork_writer(const std::string& store_path, const Record& shared, int rounds) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  int code = 1;
  try {
    bool warned = false;
    Records records(std::make_shared<LocalBackend>(store::Store::open(store_path)),
                    [&](const std::string&) { warned = true; });
    for (int i = 0; i < rounds; ++i) {
      records.put(shared, {});
      if (records.find(shared.key, {}) != shared) break;
      code = i + 1 == rounds && !warned ? 0 : 1;
    }
  } catch (...) {
    code = 2;
  }
  ::_exit(code);
}

TEST_F(CacheLocal, ProcessesShareTheStore) {
  const Record shared = record("shared");
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) children.push_back(fork_writer(world_.store->path(), shared, 50));
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }
  EXPECT_EQ(records_.find(shared.key, {}), shared);
  EXPECT_THAT(warnings(), IsEmpty());
}

TEST_F(CacheLocal, AKilledWriterLeavesWholeRecordsAndNoLitter) {
  const Record shared = record("shared");
  for (int i = 0; i < 10; ++i) {
    const pid_t child = fork_writer(world_.store->path(), shared, 1'000'000);
    while (!records_.find(shared.key, {})) {
      int status = 0;
      ASSERT_EQ(::waitpid(child, &status, WNOHANG), 0) << "the writer ended by itself";
    }
    ::kill(child, SIGKILL);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    EXPECT_EQ(records_.find(shared.key, {}), shared);
    for (const std::string& file : files()) EXPECT_TRUE(file.ends_with(".json")) << file;
    fs::remove(world_.path(shared.key));
  }
  EXPECT_THAT(warnings(), IsEmpty());
}

}  // namespace
}  // namespace cooper::cache

namespace cooper::test {
INSTANTIATE_TYPED_TEST_SUITE_P(Local, CacheBackendSuite, cache::LocalWorld);
}  // namespace cooper::test
