#include "exporter/registry.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <set>

#include "base/text.h"
#include "os/fd.h"
#include "store/store.h"

namespace cooper::exporter {
namespace {

// A file of the store as a stream that owns its descriptor.
class BlobFile final : public base::ByteSource {
 public:
  BlobFile(os::Fd fd, std::string name) : fd_(std::move(fd)), source_(fd_.get(), std::move(name)) {}
  std::size_t read(base::MutableByteSpan buffer) override { return source_.read(buffer); }

 private:
  os::Fd fd_;
  os::FdSource source_;
};

class RegistryExporter final : public Exporter {
 public:
  RegistryExporter(RegistryOutput output, std::shared_ptr<registry::Client> client,
                   snapshot::LayerStore& layers, std::map<base::Digest, oci::Reference> base_repositories)
      : output_(std::move(output)),
        client_(std::move(client)),
        layers_(layers),
        base_repositories_(std::move(base_repositories)) {}

  bool needs_image() const override { return true; }

  void add_layer(const snapshot::LayerPtr& layer, const snapshot::SealedLayer& sealed,
                 const std::stop_token& stop) override {
    for (const oci::Reference& target : repositories()) {
      registry::PushBlob blob;
      blob.descriptor = sealed.blob;
      blob.mount_from = mount_source(sealed.blob.digest, target);
      blob.open = [this, layer, digest = sealed.blob.digest, &stop] {
        if (layer->origin()) layers_.fetch_blob(*layer, stop);
        return std::make_unique<BlobFile>(layers_.store().open_blob(digest), digest.str());
      };
      client_->push_blob(target, blob, stop);
    }
  }

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
};

}  // namespace

oci::Descriptor BuiltImages::target() const {
  return index ? index->descriptor() : images.front().manifest.descriptor();
}

std::unique_ptr<Exporter> make_registry_exporter(RegistryOutput output,
                                                 std::shared_ptr<registry::Client> client,
                                                 snapshot::LayerStore& layers,
                                                 std::map<base::Digest, oci::Reference> base_repositories) {
  return std::make_unique<RegistryExporter>(std::move(output), std::move(client), layers,
                                            std::move(base_repositories));
}

}  // namespace cooper::exporter
