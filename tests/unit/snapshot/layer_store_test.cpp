#include "snapshot/layer_store.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "base/error.h"
#include "os/file_time.h"
#include "snapshot/merged_view.h"
#include "support/layer_fixture.h"

namespace cooper::snapshot {
namespace {

namespace fs = std::filesystem;
using support::Blob;
using support::LayerTar;
using support::make_blob;

class SnapshotLayerStore : public support::LayerFixture {
 protected:
  // Names below trees/, blobs/, layers/ and our own tmp/: what a failed attempt must not leave.
  std::size_t count_leftovers() const {
    std::size_t count = 0;
    for (const char* folder : {"/trees/real", "/trees/own", "/blobs/sha256", "/layers"}) {
      if (!fs::exists(store_->path() + folder)) continue;
      count += static_cast<std::size_t>(std::distance(fs::directory_iterator(store_->path() + folder), {}));
    }
    for (const fs::directory_entry& lease : fs::directory_iterator(store_->path() + "/tmp")) {
      count += static_cast<std::size_t>(std::distance(fs::directory_iterator(lease.path()), {}));
    }
    return count;
  }
  std::string tree_of(const Layer& layer) const {
    return store_->tree_path(std::string(form_name(form())), layer.id());
  }
};

Entry file_entry(const std::string& path, std::uint64_t size, std::uint32_t mode = 0644) {
  Entry entry;
  entry.path = path;
  entry.size = size;
  entry.mode = mode;
  entry.mtime = 1'600'000'000;
  return entry;
}

TEST_F(SnapshotLayerStore, MaterialisesADeclaredLayerFromItsOpener) {
  LayerTar tar = LayerTar().directory("etc").file("etc/motd", "hello").symlink("motd", "etc/motd");
  for (oci::Compression compression :
       {oci::Compression::kGzip, oci::Compression::kZstd, oci::Compression::kNone}) {
    Blob blob = make_blob(tar.file(std::to_string(static_cast<int>(compression))).bytes(), compression);
    LayerPtr layer = declare(blob);
    EXPECT_EQ(declare(blob), layer);
    EXPECT_FALSE(layer->materialized());
    EXPECT_THROW(layer->index(), base::Error);
    layers_.materialize(*layer, {});
    EXPECT_EQ(content(MergedView({layer}), "etc/motd"), "hello");
    EXPECT_EQ(os::read_file(store_->blob_path(blob.sealed.blob.digest)), blob.bytes);
  }
}

TEST_F(SnapshotLayerStore, TrustsTheBytesMoreThanTheMediaType) {
  Blob blob = make_blob(LayerTar().file("a", "x").bytes(), oci::Compression::kZstd);
  blob.sealed.blob.media_type = oci::kMediaTypeLayerGzip;
  LayerPtr layer = declare(blob);
  layers_.materialize(*layer, {});
  EXPECT_NE(layer->index().find("a"), nullptr);
}

TEST_F(SnapshotLayerStore, LeavesNothingOfACorruptBlob) {
  for (int kind = 0; kind < 6; ++kind) {
    SCOPED_TRACE(kind);
    Blob blob = make_blob(LayerTar().file("a" + std::to_string(kind), std::string(300'000, 'x')).bytes());
    if (kind == 0) blob.bytes[blob.bytes.size() / 2] ^= 1;
    if (kind == 1) blob.bytes.resize(blob.bytes.size() - 9);
    if (kind == 2) blob.bytes += "more";
    if (kind == 3) blob.sealed.diff_id = base::sha256("another");
    if (kind == 4) blob = make_blob(LayerTar().file("../x").bytes());
    if (kind == 5) blob.bytes.clear();
    try {
      layers_.materialize(*declare(blob), {});
      FAIL() << "the blob was accepted";
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kCorrupt) << error.what();
      EXPECT_NE(std::string(error.what()).find("sha256:"), std::string::npos) << error.what();
    }
    EXPECT_EQ(count_leftovers(), 0U);
  }
}

TEST_F(SnapshotLayerStore, StopsReadingABlobThatIsTooLong) {
  Blob blob = make_blob(LayerTar().file("a").bytes(), oci::Compression::kNone);
  // Endless: only a check on the way ends it.
  class Endless final : public base::ByteSource {
   public:
    std::size_t read(base::MutableByteSpan buffer) override {
      std::fill(buffer.begin(), buffer.end(), std::byte{0});
      return buffer.size();
    }
  };
  LayerPtr layer =
      layers_.declare(blob.sealed, [](const auto&, const auto&) { return std::make_unique<Endless>(); });
  EXPECT_THROW(layers_.materialize(*layer, {}), base::Error);
  EXPECT_THROW(layers_.fetch_blob(*layer, {}), base::Error);
  EXPECT_EQ(count_leftovers(), 0U);
}

TEST_F(SnapshotLayerStore, FetchesOnceForManyThreads) {
  Blob blob = make_blob(LayerTar().file("a", "x").bytes());
  std::atomic<int> opened = 0;
  LayerPtr layer = layers_.declare(blob.sealed, [&](const auto&, const auto&) {
    ++opened;
    return std::make_unique<support::StringSource>(blob.bytes, 100);
  });
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        if (i % 2 == 0) layers_.fetch_blob(*layer, {});
        layers_.materialize(*layer, {});
      });
    }
  }
  EXPECT_EQ(opened, 1);
  EXPECT_TRUE(layer->materialized());
}

TEST_F(SnapshotLayerStore, UsesWhatAnEarlierProcessUnpacked) {
  Blob blob = make_blob(LayerTar().file("a", "x").bytes());
  layers_.materialize(*declare(blob), {});
  LayerStore later(store::Store::open(store_->path()), form(), pool_);
  LayerPtr layer = later.declare(blob.sealed, nullptr);
  later.materialize(*layer, {});
  EXPECT_EQ(content(MergedView({layer}), "a"), "x");
}

TEST_F(SnapshotLayerStore, UnpacksTheStoredBlobAndFetchesAgainWhenItIsDamaged) {
  Blob blob = make_blob(LayerTar().file("a", "x").bytes());
  layers_.fetch_blob(*declare(blob), {});
  fs::resize_file(store_->blob_path(blob.sealed.blob.digest), 20);
  LayerStore without_source(store_, form(), pool_);
  EXPECT_THROW(without_source.materialize(*without_source.declare(blob.sealed, nullptr), {}), base::Error);
  layers_.materialize(*declare(blob), {});
  EXPECT_EQ(os::read_file(store_->blob_path(blob.sealed.blob.digest)), blob.bytes);
}

TEST_F(SnapshotLayerStore, RecoversFromAProcessThatWasKilledHalfway) {
  Blob blob = make_blob(LayerTar().file("a", "x").bytes());
  LayerPtr layer = declare(blob);
  layers_.materialize(*layer, {});
  std::string index = store_->layer_path(layer->id()) + "/index";
  // The tree was published and the index was not; the index was damaged; the tree is gone.
  for (int state = 0; state < 3; ++state) {
    if (state == 0) fs::remove(index);
    if (state == 1) fs::resize_file(index, 10);
    if (state == 2) os::remove_tree(tree_of(*layer));
    LayerStore later(store_, form(), pool_);
    LayerPtr again = later.declare(blob.sealed, nullptr);
    later.materialize(*again, {});
    EXPECT_EQ(content(MergedView({again}), "a"), "x") << state;
  }
}

TEST_F(SnapshotLayerStore, LetsTwoProcessesMakeTheSameLayer) {
  Blob blob = make_blob(LayerTar().file("a", std::string(100'000, 'x')).bytes());
  std::vector<pid_t> children;
  for (int i = 0; i < 3; ++i) {
    pid_t child = ::fork();
    if (child == 0) {
      int code = 1;
      try {
        base::ThreadPool pool(1);
        LayerStore layers(store::Store::open(store_->path()), form(), pool);
        LayerPtr layer = layers.declare(blob.sealed, [&](const auto&, const auto&) {
          return std::make_unique<support::StringSource>(blob.bytes, 10);
        });
        layers.materialize(*layer, {});
        code = layer->index().entries().size() == 1 ? 0 : 2;
      } catch (...) {
      }
      ::_exit(code);
    }
    children.push_back(child);
  }
  for (pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
}

TEST_F(SnapshotLayerStore, CommitsAStagedTree) {
  Staging staging = layers_.begin();
  fs::create_directories(staging.tree() + "/app");
  std::ofstream(staging.tree() + "/app/run") << "#!x";
  Entry directory;
  directory.path = "app";
  directory.type = EntryType::kDirectory;
  directory.mode = 0750;
  directory.mtime = 5;
  Entry link;
  link.path = "app/start";
  link.type = EntryType::kSymlink;
  link.link_target = "run";
  Entry gone;
  gone.path = "old";
  gone.type = EntryType::kWhiteout;
  LayerPtr layer = layers_.commit(std::move(staging),
                                  LayerIndex({directory, file_entry("app/run", 3, 04711), link, gone}));
  struct stat status {};
  ASSERT_EQ(::lstat((layer->tree() + "/app/run").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 04711U);
  EXPECT_EQ(status.st_mtim.tv_sec, 1'600'000'000);
  ASSERT_EQ(::lstat((layer->tree() + "/app").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0750U);
  EXPECT_EQ(status.st_mtim.tv_sec, 5);
  EXPECT_EQ(fs::read_symlink(layer->tree() + "/app/start"), "run");

  LayerStore later(store_, form(), pool_);
  LayerPtr found = later.find(layer->id());
  ASSERT_NE(found, nullptr);
  later.materialize(*found, {});
  EXPECT_EQ(found->index().entries(), layer->index().entries());
}

TEST_F(SnapshotLayerStore, RefusesAnIndexThatTheTreeDoesNotBear) {
  EXPECT_THROW(layers_.commit(layers_.begin(), LayerIndex({file_entry("missing", 1)})), base::Error);
  Staging staging = layers_.begin();
  std::ofstream(staging.tree() + "/short") << "x";
  EXPECT_THROW(layers_.commit(std::move(staging), LayerIndex({file_entry("short", 2)})), base::Error);
  EXPECT_EQ(count_leftovers(), 0U);
}

TEST_F(SnapshotLayerStore, DoesNotChangeAFileThatAnotherLayerShares) {
  LayerPtr base = layer(LayerTar().file("a", "text", 0644));
  Staging staging = layers_.begin();
  fs::create_hard_link(base->tree() + "/a", staging.tree() + "/b");
  LayerPtr copy = layers_.commit(std::move(staging), LayerIndex({file_entry("b", 4, 0700)}));
  EXPECT_EQ(content(MergedView({copy}), "b"), "text");
  EXPECT_EQ(fs::status(base->tree() + "/a").permissions(), static_cast<fs::perms>(0644));
  EXPECT_EQ(fs::status(copy->tree() + "/b").permissions(), static_cast<fs::perms>(0700));
}

TEST_F(SnapshotLayerStore, FindsNothingThatIsGoneOrNoId) {
  EXPECT_EQ(layers_.find("layer-00"), nullptr);
  EXPECT_EQ(layers_.find(""), nullptr);
  EXPECT_EQ(layers_.find(".."), nullptr);
  EXPECT_EQ(layers_.find("../layers/x"), nullptr);
  LayerPtr made = layers_.commit(layers_.begin(), LayerIndex());
  os::remove_tree(tree_of(*made));
  EXPECT_EQ(LayerStore(store_, form(), pool_).find(made->id()), nullptr);
}

TEST_F(SnapshotLayerStore, LearnsOfASourceLater) {
  Blob blob = make_blob(LayerTar().file("a", "x").bytes());
  LayerPtr first = layers_.declare(blob.sealed, nullptr);
  EXPECT_THROW(layers_.materialize(*first, {}), base::Error);
  EXPECT_EQ(declare(blob), first);
  layers_.materialize(*first, {});
  EXPECT_NE(first->index().find("a"), nullptr);
}

TEST_F(SnapshotLayerStore, FindsALayerOfAnImageWithoutItsOrigin) {
  Blob blob = make_blob(LayerTar().file("a", "x").bytes());
  layers_.materialize(*declare(blob), {});
  LayerStore later(store_, form(), pool_);
  LayerPtr found = later.find("sha256-" + blob.sealed.diff_id.hex());
  ASSERT_NE(found, nullptr);
  EXPECT_FALSE(found->origin());
  EXPECT_TRUE(later.declare(blob.sealed, nullptr)->origin());
}

TEST_F(SnapshotLayerStore, CancelsAFetch) {
  Blob blob = make_blob(LayerTar().file("a").bytes());
  std::stop_source stop;
  stop.request_stop();
  try {
    layers_.materialize(*declare(blob), stop.get_token());
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kCancelled);
  }
  EXPECT_EQ(count_leftovers(), 0U);
  layers_.materialize(*declare(blob), {});
}

// What is found stays while it is used: each way to a layer marks it.
TEST_F(SnapshotLayerStore, FindingALayerUsesIt) {
  constexpr std::int64_t kLongAgo = 1'000'000'000;
  LayerPtr made = layers_.commit(layers_.begin(), LayerIndex());
  std::string index = store_->layer_path(made->id()) + "/index";
  ASSERT_TRUE(os::set_modified_time(index, kLongAgo));
  ASSERT_NE(layers_.find(made->id()), nullptr);
  EXPECT_GT(os::modified_time(index), kLongAgo);

  Blob blob = make_blob(LayerTar().file("a", "x").bytes());
  layers_.materialize(*declare(blob), {});
  index = store_->layer_path("sha256-" + blob.sealed.diff_id.hex()) + "/index";
  ASSERT_TRUE(os::set_modified_time(index, kLongAgo));
  layers_.materialize(*declare(blob), {});
  EXPECT_GT(os::modified_time(index), kLongAgo);
}

}  // namespace
}  // namespace cooper::snapshot
