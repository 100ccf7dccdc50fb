#include "snapshot/layer_store.h"

#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "base/error.h"
#include "os/fd.h"
#include "snapshot/merged_view.h"
#include "support/layer_tar.h"

namespace cooper::snapshot {
namespace {

namespace fs = std::filesystem;
using support::LayerTar;
using support::make_blob;

class SnapshotLayerStore : public testing::Test {
 protected:
  static Form form() { return ::geteuid() == 0 ? Form::kReal : Form::kOwn; }
  LayerPtr declare(const support::Blob& blob) {
    return layers_.declare(blob.sealed, [blob](const oci::Descriptor&, const std::stop_token&) {
      return std::make_unique<support::StringSource>(blob.bytes);
    });
  }
  // Names below trees/, tmp/ and blobs/: what a failed attempt must not leave.
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

  os::TempDir directory_{testing::TempDir(), "layer-store-"};
  std::shared_ptr<store::Store> store_ = store::Store::open(directory_.path() + "/store");
  base::ThreadPool pool_{2};
  LayerStore layers_{store_, form(), pool_};
};

std::string read_all(const TreeView& view, const std::string& path) {
  os::Fd file = view.open(path);
  os::FdSource source(file.get(), path);
  return base::read_all(source, 1 << 20, path);
}

TEST_F(SnapshotLayerStore, MaterialisesADeclaredLayerFromItsOpener) {
  support::Blob blob =
      make_blob(LayerTar().directory("etc").file("etc/motd", "hello").symlink("motd", "etc/motd").bytes());
  LayerPtr layer = declare(blob);
  EXPECT_FALSE(layer->materialized());
  EXPECT_THROW(layer->index(), base::Error);
  layers_.materialize(*layer, {});
  MergedView view({layer});
  EXPECT_EQ(read_all(view, "etc/motd"), "hello");
  EXPECT_EQ(view.lookup("motd")->link_target, "etc/motd");
  EXPECT_TRUE(store_->has_blob(blob.sealed.blob.digest));
  EXPECT_EQ(declare(blob), layer);
}

TEST_F(SnapshotLayerStore, LeavesNothingOfACorruptBlob) {
  for (int kind = 0; kind < 4; ++kind) {
    SCOPED_TRACE(kind);
    support::Blob blob =
        make_blob(LayerTar().file("a" + std::to_string(kind), std::string(300000, 'x')).bytes());
    if (kind == 0) blob.bytes[blob.bytes.size() / 2] ^= 1;
    if (kind == 1) blob.bytes.resize(blob.bytes.size() - 9);
    if (kind == 2) blob.bytes += "more";
    if (kind == 3) blob.sealed.diff_id = base::sha256("another");
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

}  // namespace
}  // namespace cooper::snapshot
