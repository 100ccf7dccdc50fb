#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "snapshot/merged_view.h"
#include "support/layer_fixture.h"

namespace cooper::snapshot {
namespace {

namespace fs = std::filesystem;
using support::LayerTar;

class SnapshotSeal : public support::LayerFixture {
 protected:
  static constexpr std::int64_t kTime = 1'600'000'000;

  static Entry entry(const std::string& path, EntryType type, std::int64_t mtime = kTime) {
    Entry made;
    made.path = path;
    made.type = type;
    made.mode = type == EntryType::kDirectory ? 0755 : 0644;
    made.mtime = mtime;
    made.mtime_nsec = 5;
    return made;
  }
  // A layer made here, with one of everything.
  LayerPtr make(LayerStore& layers) {
    Staging staging = layers.begin();
    fs::create_directories(staging.tree() + "/d");
    std::string text(300'000, 'a');
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + i * i % 23);
    std::ofstream(staging.tree() + "/d/big") << text;
    std::ofstream(staging.tree() + "/d/empty");
    Entry big = entry("d/big", EntryType::kFile, kTime + 100);
    big.size = text.size();
    big.uid = 70'000;
    big.xattrs["user.note"] = "n";
    Entry link = entry("d/link", EntryType::kHardlink, kTime + 100);
    link.link_target = "d/big";
    Entry symlink = entry("z", EntryType::kSymlink);
    symlink.link_target = "d/big";
    symlink.mode = 0777;
    Entry directory = entry("d", EntryType::kDirectory);
    directory.opaque = true;
    Entry device = entry("null", EntryType::kCharDevice);
    device.device_major = 1;
    device.device_minor = 3;
    return layers.commit(
        std::move(staging),
        LayerIndex({directory, big, entry("d/empty", EntryType::kFile), link, symlink, device,
                    entry("gone/x", EntryType::kWhiteout, 0), entry("p", EntryType::kFifo)}));
  }
};

TEST_F(SnapshotSeal, WritesWhatOtherToolsRead) {
  LayerPtr made = make(layers_);
  SealedLayer sealed = layers_.seal(*made, {}, nullptr, {});
  EXPECT_EQ(sealed.blob.media_type, oci::kMediaTypeLayerGzip);
  EXPECT_EQ(sealed.sealing->newest, kTime + 100);
  std::string blob = store_->blob_path(sealed.blob.digest);
  EXPECT_EQ(fs::file_size(blob), sealed.blob.size);
  EXPECT_EQ(base::sha256(os::read_file(blob)), sealed.blob.digest);

  std::string listing = directory_.path() + "/listing";
  ASSERT_EQ(std::system(("gzip -dc " + blob + " | tar tf - > " + listing).c_str()), 0);
  EXPECT_EQ(os::read_file(listing), "d/\nd/.wh..wh..opq\nd/big\nd/empty\nd/link\ngone/.wh.x\nnull\np\nz\n");
  ASSERT_EQ(std::system(("gzip -dc " + blob + " | sha256sum > " + listing).c_str()), 0);
  EXPECT_EQ(os::read_file(listing).substr(0, 64), sealed.diff_id.hex());
}

TEST_F(SnapshotSeal, ComesBackTheSame) {
  LayerPtr made = make(layers_);
  SealedLayer sealed = layers_.seal(*made, {}, nullptr, {});
  LayerPtr back = layers_.declare(sealed, nullptr);
  layers_.materialize(*back, {});
  std::vector<Entry> expected = made->index().entries();
  for (Entry& one : expected) {
    one.mtime_nsec = 0;
    if (one.type == EntryType::kWhiteout) one.mode = 0;
  }
  EXPECT_EQ(back->index().entries(), expected);
}

TEST_F(SnapshotSeal, DoesNotDependOnThePool) {
  for (oci::Compression type : {oci::Compression::kGzip, oci::Compression::kZstd, oci::Compression::kNone}) {
    std::optional<SealedLayer> first;
    for (std::size_t workers : {1U, 2U, 8U}) {
      base::ThreadPool pool(workers);
      LayerStore layers(store_, form(), pool);
      SealOptions options;
      options.compression.type = type;
      SealedLayer sealed = layers.seal(*make(layers), options, nullptr, {});
      if (!first) first = sealed;
      EXPECT_EQ(sealed.diff_id, first->diff_id);
      EXPECT_EQ(sealed.blob, first->blob);
    }
  }
}

TEST_F(SnapshotSeal, IsDoneOnce) {
  LayerPtr made = make(layers_);
  base::StringSink first;
  base::StringSink second;
  SealedLayer sealed = layers_.seal(*made, {}, &first, {});
  EXPECT_EQ(first.str(), os::read_file(store_->blob_path(sealed.blob.digest)));
  LayerStore later(store_, form(), pool_);
  LayerPtr found = later.find(made->id());
  EXPECT_EQ(later.seal(*found, {}, &second, {}).blob, sealed.blob);
  EXPECT_EQ(second.str(), "");
  EXPECT_FALSE(found->materialized());
  // Not without its blob.
  fs::remove(store_->blob_path(sealed.blob.digest));
  EXPECT_EQ(later.seal(*found, {}, &second, {}).blob, sealed.blob);
  EXPECT_TRUE(store_->has_blob(sealed.blob.digest));
  // Nor with a damaged record.
  std::ofstream(store_->layer_path(made->id()) + "/sealed-gzip-default.json") << "{";
  EXPECT_EQ(later.seal(*found, {}, nullptr, {}).blob, sealed.blob);
}

TEST_F(SnapshotSeal, ClampsTimesAndSharesOnlyWhatIsTheSame) {
  LayerPtr made = make(layers_);
  auto seal = [&](std::optional<std::int64_t> epoch) {
    SealOptions options;
    options.epoch = epoch;
    return layers_.seal(*made, options, nullptr, {});
  };
  SealedLayer plain = seal(std::nullopt);
  EXPECT_EQ(seal(kTime + 100).diff_id, plain.diff_id);
  EXPECT_EQ(seal(kTime + 1000).diff_id, plain.diff_id);
  SealedLayer clamped = seal(kTime + 50);
  EXPECT_NE(clamped.diff_id, plain.diff_id);
  EXPECT_EQ(clamped.sealing->epoch, kTime + 50);
  SealedLayer zero = seal(0);
  EXPECT_EQ(zero.sealing->epoch, 0);
  EXPECT_NE(zero.diff_id, clamped.diff_id);
  EXPECT_EQ(seal(kTime + 50).diff_id, clamped.diff_id);
  EXPECT_EQ(seal(std::nullopt).diff_id, plain.diff_id);
}

TEST_F(SnapshotSeal, LeavesLayersOfImagesAsTheyAre) {
  support::Blob blob = support::make_blob(LayerTar().file("a").bytes());
  LayerPtr image = declare(blob);
  SealOptions options;
  options.epoch = 0;
  options.compression.type = oci::Compression::kZstd;
  EXPECT_EQ(layers_.seal(*image, options, nullptr, {}).blob, blob.sealed.blob);
  EXPECT_FALSE(store_->has_blob(blob.sealed.blob.digest));
  EXPECT_FALSE(image->materialized());
}

TEST_F(SnapshotSeal, SealsALayerWithNothingInIt) {
  LayerPtr made = layers_.commit(layers_.begin(), LayerIndex());
  SealedLayer sealed = layers_.seal(*made, {}, nullptr, {});
  EXPECT_EQ(sealed.diff_id, base::sha256(std::string(1024, '\0')));
  EXPECT_EQ(sealed.sealing->newest, 0);
}

TEST_F(SnapshotSeal, NoticesAFileOfAnotherSize) {
  for (off_t size : {off_t{3}, off_t{5}, off_t{0}}) {
    Staging staging = layers_.begin();
    std::ofstream(staging.tree() + "/a") << "text";
    Entry file = entry("a", EntryType::kFile);
    file.size = 4;
    LayerPtr made = layers_.commit(std::move(staging), LayerIndex({file}));
    ASSERT_EQ(::truncate((made->tree() + "/a").c_str(), size), 0);
    try {
      layers_.seal(*made, {}, nullptr, {});
      FAIL() << size;
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kCorrupt) << error.what();
    }
  }
  EXPECT_TRUE(fs::is_empty(store_->path() + "/blobs/sha256"));
}

TEST_F(SnapshotSeal, RefusesAFileThatWouldReadAsAWhiteout) {
  Staging staging = layers_.begin();
  std::ofstream(staging.tree() + "/.wh.a") << "";
  LayerPtr made = layers_.commit_upper(std::move(staging), {});
  try {
    layers_.seal(*made, {}, nullptr, {});
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kUnsupported);
  }
}

}  // namespace
}  // namespace cooper::snapshot
