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

// Whatever times a build gave: with an epoch they are the epoch's, as a build at any other moment has it.
TEST_F(SnapshotSeal, FreshTimesBecomeTheEpoch) {
  auto seal = [&](std::int64_t time, bool fresh, std::optional<std::int64_t> epoch) {
    Entry made = entry("a", EntryType::kDirectory, time);
    made.fresh = fresh;
    SealOptions options;
    options.epoch = epoch;
    return layers_.seal(*layers_.commit(layers_.begin(), LayerIndex({made})), options, nullptr, {}).diff_id;
  };
  const base::Digest at_epoch = seal(kTime, false, std::nullopt);
  EXPECT_EQ(seal(kTime - 100, true, kTime), at_epoch);
  EXPECT_EQ(seal(kTime + 100, true, kTime), at_epoch);
  EXPECT_NE(seal(kTime - 100, false, kTime), at_epoch) << "a time of its own that is older stays";
  EXPECT_NE(seal(kTime - 100, true, std::nullopt), at_epoch) << "without an epoch nothing is changed";
  const std::int64_t to_come = std::time(nullptr) + 100'000;
  EXPECT_EQ(seal(kTime, true, to_come), at_epoch) << "what is made now is older than a time to come";
}

// A cache on another machine knows a layer by the blob of one epoch, or of none. Another epoch gives there
// what it gives here.
TEST_F(SnapshotSeal, ALayerFromACacheSealsAsItDoesWhereItWasMade) {
  auto add = [](const std::string& path, std::int64_t time, bool fresh) {
    Entry made = entry(path, EntryType::kDirectory, time);
    made.mtime_nsec = 0;
    made.fresh = fresh;
    return made;
  };
  LayerPtr made = layers_.commit(
      layers_.begin(),
      LayerIndex({add("fresh", kTime + 500, true), add("fresh-early", kTime - 500, true),
                  add("own-at", kTime, false), add("own-newer", kTime + 50, false),
                  add("own-newest", kTime + 5000, false), add("own-older", kTime - 50, false)}));
  const std::vector<std::optional<std::int64_t>> epochs = {std::nullopt, kTime - 100, kTime, kTime + 100};
  auto options = [](const std::optional<std::int64_t>& epoch, archive::Compression type) {
    SealOptions made_of;
    made_of.epoch = epoch;
    made_of.compression.type = type;
    return made_of;
  };
  int number = 0;
  for (const auto& sealed_at : epochs) {
    const SealedLayer sealed =
        layers_.seal(*made, options(sealed_at, archive::Compression::kGzip), nullptr, {});
    const std::string bytes = os::read_file(store_->blob_path(sealed.blob.digest));
    for (const auto& wanted_at : epochs) {
      // Without an epoch no two builds are the same.
      if (sealed_at && !wanted_at) continue;
      auto elsewhere = store::Store::open(directory_.path() + "/elsewhere" + std::to_string(number++));
      LayerStore layers(elsewhere, form(), pool_);
      LayerPtr found = layers.declare(sealed, [&](const oci::Descriptor&, const std::stop_token&) {
        return std::make_unique<support::StringSource>(bytes);
      });
      const SealOptions wanted = options(wanted_at, archive::Compression::kZstd);
      EXPECT_EQ(layers.seal(*found, wanted, nullptr, {}).diff_id,
                layers_.seal(*made, wanted, nullptr, {}).diff_id)
          << sealed_at.value_or(0) - kTime << " and " << wanted_at.value_or(0) - kTime;
    }
  }
}

TEST_F(SnapshotSeal, ALayerFromACacheKeepsABlobThatFits) {
  LayerPtr made = make(layers_);
  const SealedLayer sealed = layers_.seal(*made, {}, nullptr, {});
  auto elsewhere = store::Store::open(directory_.path() + "/elsewhere");
  LayerStore layers(elsewhere, form(), pool_);
  LayerPtr found = layers.declare(sealed, nullptr);
  EXPECT_EQ(layers.seal(*found, {}, nullptr, {}).blob, sealed.blob);
  EXPECT_FALSE(found->materialized()) << "nothing is fetched for it";
}

// What a cache says of a layer is proved by the blob, also when it is in the store for another reason.
TEST_F(SnapshotSeal, ABlobThatUnpacksToAnotherLayerIsLost) {
  LayerPtr made = make(layers_);
  SealedLayer sealed = layers_.seal(*made, {}, nullptr, {});
  LayerPtr honest = layers_.declare(sealed, nullptr);
  layers_.fetch_blob(*honest, {});
  EXPECT_FALSE(honest->lost());
  sealed.diff_id = base::sha256("another");
  LayerPtr liar = layers_.declare(sealed, nullptr);
  EXPECT_THROW(layers_.fetch_blob(*liar, {}), base::Error);
  EXPECT_TRUE(liar->lost());
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
