#include "exporter/registry.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <set>

#include "base/text.h"
#include "os/fd.h"
#include "store/store.h"

namespace cooper::exporter {
namespace {

constexpr std::uint64_t kStreamedSize =
    8 << 20;  // bytes of file contents from which a layer is sent while compressed

class RegistryExporter final : public Exporter {
 public:
  RegistryExporter(RegistryOutput output, std::shared_ptr<registry::Client> client,
                   snapshot::LayerStore& layers, std::map<base::Digest, oci::Reference> base_repositories)
      : output_(std::move(output)),
        client_(std::move(client)),
        layers_(layers),
        base_repositories_(std::move(base_repositories)) {}

  bool needs_image() const override { return true; }

  std::unique_ptr<image::LayerReceiver> receive_layer(const snapshot::LayerPtr& layer,
                                                      const std::stop_token& stop) override;

  std::string finish(const BuiltImages& built, const std::stop_token& stop) override {
    for (const oci::Reference& target : repositories()) {
      bool by_digest = built.index.has_value() || output_.by_digest;
      for (const image::Image& image : built.images) push_image(target, image, by_digest, stop);
    }
    std::vector<std::string> written;
    for (const oci::Reference& name : output_.names) {
      push_target(name, built, stop);
      written.push_back(name.familiar());
    }
    return fmt::format("pushed {} as {}", base::join(written, ", "), built.target().digest.str());
  }

 private:
  // Names without their tags, each repository once.
  std::vector<oci::Reference> repositories() const {
    std::vector<oci::Reference> unique;
    std::set<std::string> seen;
    for (const oci::Reference& name : output_.names) {
      if (seen.insert(name.name()).second) unique.push_back(name);
    }
    return unique;
  }

  std::string mount_source(const base::Digest& digest, const oci::Reference& target) const {
    auto known = base_repositories_.find(digest);
    bool same_host = known != base_repositories_.end() && known->second.host == target.host;
    return same_host && known->second.repository != target.repository ? known->second.repository : "";
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
  std::map<base::Digest, oci::Reference> base_repositories_;

  friend class LayerPush;
};

// A layer on its way to every repository. A large one is sent while it is compressed; a small one costs less
// when its digest is known first, because the registry may have it.
class LayerPush final : public image::LayerReceiver {
 public:
  LayerPush(const RegistryExporter& exporter, snapshot::LayerPtr layer, std::stop_token stop)
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
    for (Way& way : ways_) {
      if (way.upload && way.upload->commit(sealed.blob.digest)) continue;
      push(way.target, sealed);
    }
  }

 private:
  struct Way {
    oci::Reference target;
    std::unique_ptr<registry::BlobUpload> upload;
  };

  void begin() {
    begun_ = true;
    if (layer_->index().total_size() < kStreamedSize) return;
    for (Way& way : ways_) way.upload = exporter_.client_->begin_upload(way.target, stop_);
  }

  void push(const oci::Reference& target, const snapshot::SealedLayer& sealed) const {
    registry::PushBlob blob;
    blob.descriptor = sealed.blob;
    blob.mount_from = exporter_.mount_source(sealed.blob.digest, target);
    blob.open = [this, &sealed] {
      exporter_.layers_.require_blob(*layer_, sealed, stop_);
      const base::Digest& digest = sealed.blob.digest;
      return std::make_unique<os::FileSource>(exporter_.layers_.store().open_blob(digest), digest.str());
    };
    exporter_.client_->push_blob(target, blob, stop_);
  }

  const RegistryExporter& exporter_;
  snapshot::LayerPtr layer_;
  std::stop_token stop_;
  std::vector<Way> ways_;
  bool begun_ = false;
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
                                                 std::map<base::Digest, oci::Reference> base_repositories) {
  return std::make_unique<RegistryExporter>(std::move(output), std::move(client), layers,
                                            std::move(base_repositories));
}

}  // namespace cooper::exporter
