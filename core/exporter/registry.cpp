#include "exporter/registry.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <future>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "base/guarded.h"
#include "base/text.h"
#include "base/thread_pool.h"
#include "base/trace.h"
#include "os/fd.h"
#include "store/store.h"

namespace cooper::exporter {
namespace {

constexpr std::uint64_t kStreamedSize =
    8 << 20;  // bytes of file contents from which a layer is sent while compressed
constexpr std::size_t kPushesAtOnce = 8;

// How Amazon's, Google's and Harbor's registries put it.
bool says_immutable(const base::Error& error) {
  const std::string text = base::to_lower(error.summary());
  for (const char* wording :
       {"tag is immutable", "repository is immutable", "tag immutability", "configured as immutable"}) {
    if (text.find(wording) != std::string::npos) return error.kind() == base::ErrorKind::kRegistry;
  }
  return false;
}

class RegistryExporter final : public Exporter {
 public:
  RegistryExporter(RegistryOutput output, std::shared_ptr<registry::Client> client,
                   snapshot::LayerStore& layers, std::shared_ptr<registry::BlobPlaces> places)
      : output_(std::move(output)), client_(std::move(client)), layers_(layers), places_(std::move(places)) {}

  ~RegistryExporter() override { stop_.request_stop(); }

  bool needs_image() const override { return true; }

  void expect_new_image() override {
    std::vector<Waiting> waiting = state_.with([](State& state) {
      state.is_new = true;
      return std::exchange(state.waiting, {});
    });
    for (const Waiting& layer : waiting) push_in_background(layer);
  }

  std::unique_ptr<image::LayerReceiver> receive_layer(const snapshot::LayerPtr& layer,
                                                      const std::stop_token& stop) override;

  std::string finish(const BuiltImages& built, const std::stop_token& stop) override {
    std::stop_callback forward(stop, [this] { stop_.request_stop(); });
    bool known_everywhere = true;
    for (const oci::Reference& target : repositories()) {
      known_everywhere = known_everywhere && is_there(target, built, stop);
    }
    if (!known_everywhere) expect_new_image();
    for (std::future<void>& push : state_.with([](State& state) { return std::exchange(state.pushes, {}); }))
      push.get();
    for (const oci::Reference& target : repositories()) {
      if (known_everywhere) break;
      bool by_digest = built.index.has_value() || output_.by_digest;
      for (const image::Image& image : built.images) push_image(target, image, by_digest, stop);
    }
    std::vector<std::string> written;
    std::vector<std::string> kept;
    for (const oci::Reference& name : output_.names)
      (push_tag(name, built, stop) ? written : kept).push_back(name.familiar());
    std::string text =
        fmt::format("pushed {} as {}", written.empty() ? "the image" : base::join(written, ", "),
                    built.target().digest.str());
    if (!kept.empty()) text += fmt::format("; immutable, so left as it is: {}", base::join(kept, ", "));
    return text;
  }

 private:
  friend class LayerPush;
  struct Waiting {
    snapshot::LayerPtr layer;
    snapshot::SealedLayer sealed;
  };
  struct State {
    bool is_new = false;  // a layer was made: no registry has the image
    std::vector<Waiting> waiting;
    std::vector<std::future<void>> pushes;
  };

  // Names without their tags, each repository once.
  std::vector<oci::Reference> repositories() const {
    std::vector<oci::Reference> unique;
    std::set<std::string> seen;
    for (const oci::Reference& name : output_.names) {
      if (seen.insert(name.name()).second) unique.push_back(name);
    }
    return unique;
  }

  // A registry that has a manifest has all that it names.
  bool is_there(const oci::Reference& target, const BuiltImages& built, const std::stop_token& stop) {
    if (state_.with([](const State& state) { return state.is_new; })) return false;
    oci::Reference pinned = target;
    pinned.tag.clear();
    pinned.digest = built.target().digest;
    return client_->resolve(pinned, stop).has_value();
  }

  // False when the image is a new one and the layer is to be pushed now.
  bool let_wait(const snapshot::LayerPtr& layer, const snapshot::SealedLayer& sealed) {
    return state_.with([&](State& state) {
      if (!state.is_new) state.waiting.push_back({layer, sealed});
      return !state.is_new;
    });
  }

  // The requests are short, so they go side by side whatever the number of cores.
  void push_in_background(const Waiting& layer) {
    std::call_once(pool_made_, [this] { pool_.emplace(kPushesAtOnce); });
    for (const oci::Reference& target : repositories()) {
      std::future<void> push = pool_->submit(
          [this, target, layer] { push_layer(target, layer.layer, layer.sealed, stop_.get_token()); });
      state_.with([&](State& state) { state.pushes.push_back(std::move(push)); });
    }
  }

  void push_layer(const oci::Reference& target, const snapshot::LayerPtr& layer,
                  const snapshot::SealedLayer& sealed, const std::stop_token& stop) {
    const base::Span span("registry", "push blob", sealed.blob.digest.str());
    registry::PushBlob blob;
    blob.descriptor = sealed.blob;
    blob.mount_from = places_->mount_source(sealed.blob.digest, target);
    blob.open = [&] {
      layers_.require_blob(*layer, sealed, stop);
      const base::Digest& digest = sealed.blob.digest;
      return std::make_unique<os::FileSource>(layers_.store().open_blob(digest), digest.str());
    };
    client_->push_blob(target, blob, stop);
    places_->note(sealed.blob.digest, target);
  }

  // A single image's manifest goes under its tag only; those of an index must be there by digest before it.
  void push_image(const oci::Reference& target, const image::Image& image, bool by_digest,
                  const std::stop_token& stop) {
    registry::PushBlob config;
    config.descriptor = image.manifest.config;
    config.open = [&image] {
      return std::make_unique<base::MemorySource>(std::string_view(image.config_json));
    };
    client_->push_blob(target, config, stop);
    if (!by_digest) return;
    oci::Reference pinned = target;
    pinned.tag.clear();
    pinned.digest = image.manifest.descriptor().digest;
    client_->push_manifest(pinned, image.manifest.media_type, image.manifest.raw, stop);
  }

  // False when the registry does not let the tag be moved, and that is not to matter.
  bool push_tag(const oci::Reference& name, const BuiltImages& built, const std::stop_token& stop) {
    try {
      push_target(name, built, stop);
      return true;
    } catch (const base::Error& error) {
      if (!output_.ignore_immutable || !says_immutable(error)) throw;
      return false;
    }
  }

  void push_target(const oci::Reference& name, const BuiltImages& built, const std::stop_token& stop) {
    oci::Reference target = name;
    target.digest.reset();
    if (output_.by_digest) target.tag.clear();
    if (output_.by_digest) target.digest = built.target().digest;
    if (built.index) {
      client_->push_manifest(target, built.index->media_type, built.index->raw, stop);
    } else if (!output_.by_digest) {
      const oci::Manifest& manifest = built.images.front().manifest;
      client_->push_manifest(target, manifest.media_type, manifest.raw, stop);
    }
  }

  RegistryOutput output_;
  std::shared_ptr<registry::Client> client_;
  snapshot::LayerStore& layers_;
  std::shared_ptr<registry::BlobPlaces> places_;
  base::Guarded<State> state_;
  std::stop_source stop_;  // of what goes on in the background
  std::once_flag pool_made_;
  std::optional<base::ThreadPool> pool_;  // last, so that it is joined first
};

// A layer on its way to every repository. A large one is sent while it is compressed; a small one costs less
// when its digest is known first, because the registry may have it.
class LayerPush final : public image::LayerReceiver {
 public:
  LayerPush(RegistryExporter& exporter, snapshot::LayerPtr layer, std::stop_token stop)
      : exporter_(exporter), layer_(std::move(layer)), stop_(std::move(stop)) {
    for (const oci::Reference& target : exporter_.repositories()) ways_.push_back({target, nullptr});
  }

  void write(base::ByteSpan data) override {
    if (!begun_) begin();
    for (Way& way : ways_) {
      if (way.upload) way.upload->write(data);
    }
  }

  void complete(const snapshot::SealedLayer& sealed) override {
    if (!begun_ && exporter_.let_wait(layer_, sealed)) return;
    for (Way& way : ways_) {
      if (way.upload && way.upload->commit(sealed.blob.digest)) {
        exporter_.places_->note(sealed.blob.digest, way.target);
      } else {
        exporter_.push_layer(way.target, layer_, sealed, stop_);
      }
    }
  }

 private:
  struct Way {
    oci::Reference target;
    std::unique_ptr<registry::BlobUpload> upload;
  };

  void begin() {
    begun_ = true;
    exporter_.expect_new_image();
    if (layer_->index().total_size() < kStreamedSize) return;
    for (Way& way : ways_) way.upload = exporter_.client_->begin_upload(way.target, stop_);
  }

  RegistryExporter& exporter_;
  snapshot::LayerPtr layer_;
  std::stop_token stop_;
  std::vector<Way> ways_;
  bool begun_ = false;  // the layer is being made
};

std::unique_ptr<image::LayerReceiver> RegistryExporter::receive_layer(const snapshot::LayerPtr& layer,
                                                                      const std::stop_token& stop) {
  return std::make_unique<LayerPush>(*this, layer, stop);
}

}  // namespace

oci::Descriptor BuiltImages::target() const {
  oci::Descriptor target = index ? index->descriptor() : images.front().manifest.descriptor();
  target.annotations = index ? index_descriptor_annotations : images.front().descriptor_annotations;
  return target;
}

std::unique_ptr<Exporter> make_registry_exporter(RegistryOutput output,
                                                 std::shared_ptr<registry::Client> client,
                                                 snapshot::LayerStore& layers,
                                                 std::shared_ptr<registry::BlobPlaces> places) {
  return std::make_unique<RegistryExporter>(std::move(output), std::move(client), layers, std::move(places));
}

}  // namespace cooper::exporter
