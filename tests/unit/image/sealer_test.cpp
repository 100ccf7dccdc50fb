#include "image/sealer.h"

#include <atomic>
#include <gtest/gtest.h>

#include "support/error_of.h"
#include "support/layer_fixture.h"

namespace cooper::image {
namespace {

using support::error_of;
using support::LayerTar;

// A receiver that calls `action` when its layer is complete.
class Receiver final : public LayerReceiver {
 public:
  using Action =
      std::function<void(const snapshot::LayerPtr&, const snapshot::SealedLayer&, const std::stop_token&)>;
  Receiver(Action action, snapshot::LayerPtr layer, std::stop_token stop)
      : action_(std::move(action)), layer_(std::move(layer)), stop_(std::move(stop)) {}
  void complete(const snapshot::SealedLayer& sealed) override { action_(layer_, sealed, stop_); }

 private:
  Action action_;
  snapshot::LayerPtr layer_;
  std::stop_token stop_;
};

Sealer::OpenReceivers on_sealed(Receiver::Action action) {
  return [action = std::move(action)](const snapshot::LayerPtr& layer, const std::stop_token& stop) {
    Sealer::Receivers receivers;
    receivers.push_back(std::make_unique<Receiver>(action, layer, stop));
    return receivers;
  };
}

class ImageSealer : public support::LayerFixture {
 protected:
  // Layers made here, which have no blob yet.
  snapshot::LayerPtr made(const std::string& name) {
    snapshot::Entry entry;
    entry.path = name;
    entry.type = snapshot::EntryType::kDirectory;
    entry.mode = 0755;
    return layers_.commit(layers_.begin(), snapshot::LayerIndex({entry}));
  }
};

TEST_F(ImageSealer, SealsWhatIsWaitedFor) {
  Sealer sealer(layers_, {}, {}, 2);
  snapshot::LayerPtr layer = made("a");
  snapshot::SealedLayer sealed = sealer.wait(layer, {});
  EXPECT_TRUE(store_->has_blob(sealed.blob.digest));
  EXPECT_EQ(sealer.wait(layer, {}).diff_id, sealed.diff_id);
}

TEST_F(ImageSealer, HandsEachLayerOnOnce) {
  std::atomic<int> handed = 0;
  auto hand_on = [&](const snapshot::LayerPtr&, const snapshot::SealedLayer& sealed, const std::stop_token&) {
    EXPECT_TRUE(store_->has_blob(sealed.blob.digest)) << "sealed before it is handed on";
    ++handed;
  };
  Sealer sealer(layers_, {}, on_sealed(hand_on), 3);
  std::vector<snapshot::LayerPtr> all;
  for (int i = 0; i < 8; ++i) all.push_back(made("layer" + std::to_string(i)));
  std::vector<std::jthread> starters;
  for (int i = 0; i < 4; ++i) {
    starters.emplace_back([&] {
      for (const snapshot::LayerPtr& layer : all) sealer.start(layer);
    });
  }
  for (const snapshot::LayerPtr& layer : all) sealer.wait(layer, {});
  starters.clear();
  EXPECT_EQ(handed, 8);
}

TEST_F(ImageSealer, RethrowsWhatHandingOnThrew) {
  auto refuse = [](const snapshot::LayerPtr&, const snapshot::SealedLayer&, const std::stop_token&) {
    throw base::Error(base::ErrorKind::kAuth, "the registry said no");
  };
  Sealer sealer(layers_, {}, on_sealed(refuse), 1);
  snapshot::LayerPtr layer = made("a");
  sealer.start(layer);
  EXPECT_EQ(error_of([&] { sealer.wait(layer, {}); }).message(), "the registry said no");
  EXPECT_EQ(error_of([&] { sealer.wait(layer, {}); }).kind(), base::ErrorKind::kAuth) << "each time";
}

TEST_F(ImageSealer, RethrowsWhatSealingThrew) {
  support::Blob blob = support::make_blob(LayerTar().file("a", "x").bytes());
  snapshot::LayerPtr broken = layers_.declare(
      blob.sealed, [](const oci::Descriptor&, const std::stop_token&) -> std::unique_ptr<base::ByteSource> {
        throw base::Error(base::ErrorKind::kRegistry, "unreachable");
      });
  auto fetch = [&](const snapshot::LayerPtr& layer, const snapshot::SealedLayer&,
                   const std::stop_token& stop) { layers_.fetch_blob(*layer, stop); };
  Sealer sealer(layers_, {}, on_sealed(fetch), 1);
  EXPECT_EQ(error_of([&] { sealer.wait(broken, {}); }).kind(), base::ErrorKind::kRegistry);
}

TEST_F(ImageSealer, OneFailureLeavesTheOthers) {
  snapshot::LayerPtr bad = made("bad");
  snapshot::LayerPtr good = made("good");
  auto choosy = [&](const snapshot::LayerPtr& layer, const snapshot::SealedLayer&, const std::stop_token&) {
    if (layer == bad) throw base::Error(base::ErrorKind::kIo, "disk full");
  };
  Sealer sealer(layers_, {}, on_sealed(choosy), 1);
  EXPECT_THROW(sealer.wait(bad, {}), base::Error);
  EXPECT_NO_THROW(sealer.wait(good, {}));
}

TEST_F(ImageSealer, AStopReachesWhoeverHandsOn) {
  std::promise<void> begun;
  auto until_stopped = [&](const snapshot::LayerPtr&, const snapshot::SealedLayer&,
                           const std::stop_token& stop) {
    std::promise<void> stopped;
    std::stop_callback wake(stop, [&] { stopped.set_value(); });
    begun.set_value();
    stopped.get_future().wait();
    throw base::Error(base::ErrorKind::kCancelled, "stopped");
  };
  Sealer sealer(layers_, {}, on_sealed(until_stopped), 1);
  snapshot::LayerPtr layer = made("a");
  sealer.start(layer);
  begun.get_future().wait();
  std::stop_source stop;
  std::jthread user([&] { stop.request_stop(); });
  EXPECT_EQ(error_of([&] { sealer.wait(layer, stop.get_token()); }).kind(), base::ErrorKind::kCancelled);
}

TEST_F(ImageSealer, TheDestructorStopsWhatIsUnderWay) {
  std::promise<void> begun;
  std::atomic<bool> ended = false;
  auto until_stopped = [&](const snapshot::LayerPtr&, const snapshot::SealedLayer&,
                           const std::stop_token& stop) {
    std::promise<void> stopped;
    std::stop_callback wake(stop, [&] { stopped.set_value(); });
    begun.set_value();
    stopped.get_future().wait();
    ended = true;
  };
  {
    Sealer sealer(layers_, {}, on_sealed(until_stopped), 1);
    sealer.start(made("a"));
    begun.get_future().wait();
  }
  EXPECT_TRUE(ended);
}

TEST_F(ImageSealer, EveryReceiverGetsTheBytesWhileTheyAreMade) {
  struct Collector final : LayerReceiver {
    explicit Collector(std::map<base::Digest, int>& counts) : arrived(counts) {}
    void write(base::ByteSpan data) override { bytes.write(data); }
    void complete(const snapshot::SealedLayer& sealed) override {
      if (base::sha256(bytes.str()) == sealed.blob.digest) ++arrived[sealed.blob.digest];
    }
    std::map<base::Digest, int>& arrived;
    base::StringSink bytes;
  };
  std::map<base::Digest, int> arrived;
  auto two = [&](const snapshot::LayerPtr&, const std::stop_token&) {
    Sealer::Receivers receivers;
    receivers.push_back(std::make_unique<Collector>(arrived));
    receivers.push_back(std::make_unique<Collector>(arrived));
    return receivers;
  };
  snapshot::LayerPtr layer = made("a");
  snapshot::SealedLayer sealed = Sealer(layers_, {}, two, 1).wait(layer, {});
  EXPECT_EQ(arrived[sealed.blob.digest], 2);
  Sealer(layers_, {}, two, 1).wait(layer, {});
  EXPECT_EQ(arrived[sealed.blob.digest], 2) << "a layer that is sealed already has no bytes on the way";
}

TEST_F(ImageSealer, CompressesAsAsked) {
  snapshot::SealOptions options;
  options.compression.type = archive::Compression::kZstd;
  Sealer sealer(layers_, options, {}, 1);
  EXPECT_EQ(sealer.wait(made("a"), {}).blob.media_type, oci::kMediaTypeLayerZstd);
}

}  // namespace
}  // namespace cooper::image
