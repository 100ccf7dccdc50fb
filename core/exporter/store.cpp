#include "exporter/store.h"

#include <fmt/format.h>

#include "base/text.h"
#include "exporter/blob_fetcher.h"
#include "store/image_names.h"
#include "store/store.h"

namespace cooper::exporter {
namespace {

class StoreExporter final : public Exporter {
 public:
  StoreExporter(std::vector<oci::Reference> names, snapshot::LayerStore& layers)
      : names_(std::move(names)), layers_(layers) {}

  bool needs_image() const override { return true; }

  std::unique_ptr<image::LayerReceiver> receive_layer(const snapshot::LayerPtr& layer,
                                                      const std::stop_token& stop) override {
    return std::make_unique<BlobFetcher>(layers_, layer, stop);
  }

  std::string finish(const BuiltImages& built, const std::stop_token&) override {
    const store::Store& store = layers_.store();
    for (const image::Image& image : built.images) {
      store.put_blob(image.config_json);
      store.put_blob(image.manifest.raw);
    }
    if (built.index) store.put_blob(built.index->raw);
    oci::Descriptor target = built.target();
    target.annotations.clear();
    target.platform.reset();
    const store::ImageNames images(store);
    std::vector<std::string> familiar;
    for (const oci::Reference& name : names_) {
      images.set(name.str(), target);
      familiar.push_back(name.familiar());
    }
    if (names_.empty()) images.keep_unnamed(target);
    return fmt::format("stored {} as {}", target.digest.str(),
                       familiar.empty() ? "an image without a name" : base::join(familiar, ", "));
  }

 private:
  const std::vector<oci::Reference> names_;
  snapshot::LayerStore& layers_;
};

}  // namespace

std::unique_ptr<Exporter> make_store_exporter(std::vector<oci::Reference> names,
                                              snapshot::LayerStore& layers) {
  return std::make_unique<StoreExporter>(std::move(names), layers);
}

}  // namespace cooper::exporter
