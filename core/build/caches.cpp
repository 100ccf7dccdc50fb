#include "build/caches.h"

#include <algorithm>

#include "base/error.h"
#include "cache/inline_backend.h"
#include "cache/local.h"

namespace cooper::build {
namespace {

// An image holds its own layers, and no cache mounts.
void require_places(const BuildRequest& request) {
  if (!request.cache_mounts.persist) return;
  const auto keeps = [](const CachePlace& place) { return place.type != "inline"; };
  if (std::any_of(request.cache_from.begin(), request.cache_from.end(), keeps) ||
      std::any_of(request.cache_to.begin(), request.cache_to.end(), keeps)) {
    return;
  }
  throw base::Error(base::ErrorKind::kUsage, "--cache-mounts=persist: there is no cache to keep them in")
      .hint("add --cache-to and --cache-from, with type=registry or type=local for instance");
}

}  // namespace

BuildCaches::BuildCaches(const BuildRequest& request, Toolbox& tools, snapshot::LayerStore& layers,
                         base::ThreadPool& pool, std::shared_ptr<registry::BlobPlaces> places,
                         cache::Warn warn)
    : warn_(warn),
      blobs_(layers, *places),
      places_(std::move(places)),
      local_(std::make_unique<cache::Records>(std::make_shared<cache::LocalBackend>(tools.store), warn)),
      imports_(open_imports(request, tools, warn)),
      exports_(open_exports(request, tools, blobs_.provider(), warn)) {
  require_places(request);
  auto note = [&tools](const std::string& text) {
    base::Event event;
    event.kind = base::Event::Kind::kNote;
    event.text = text;
    tools.events->emit(std::move(event));
  };
  mounts_ = std::make_unique<MountCaches>(MountCaches::Surroundings{
      request.cache_mounts, imports_, exports_, layers, pool, blobs_, std::move(warn), std::move(note)});
}

void BuildCaches::fill(ops::Services& services) {
  services.records = local_.get();
  for (const CacheImport& import : imports_) services.imports.push_back(import.records.get());
  services.mounts = mounts_.get();
}

void BuildCaches::settle_compression(Outputs& outputs) const {
  for (const CacheExport& place : exports_) {
    if (!place.compression || *place.compression == outputs.seal.compression) continue;
    if (!outputs.needs_image()) {
      outputs.seal.compression = *place.compression;
      continue;
    }
    throw base::Error(base::ErrorKind::kUsage, "--cache-to asks for another compression than the image has")
        .hint("its layers are the image's own: give the output the same compression=");
  }
}

void BuildCaches::hear(int vertex, const cache::Record& record, const snapshot::LayerPtr& layer,
                       const std::string& origin) {
  blobs_.add(layer);
  for (const CacheImport& import : imports_) {
    if (import.repository && record.blob && import.records->name() == origin)
      places_->note(record.blob->digest, *import.repository);
  }
  if (!writes_inline()) return;
  inline_records_.with([&](auto& records) { records.insert_or_assign(vertex, record); });
}

void BuildCaches::finish_places() {
  for (const CacheExport& place : exports_) {
    try {
      if (place.directory != nullptr) place.directory->finish();
    } catch (const base::Error& error) {
      warn_(error.summary());
    }
  }
}

bool BuildCaches::writes_inline() const {
  return std::any_of(exports_.begin(), exports_.end(),
                     [](const CacheExport& place) { return place.is_inline(); });
}

void BuildCaches::add_inline_records(const std::vector<int>& steps,
                                     const std::vector<image::ImageLayer>& layers,
                                     oci::ImageConfig& config) const {
  if (!writes_inline() || steps.size() > layers.size()) return;
  std::vector<std::optional<cache::Record>> by_layer(layers.size());
  const std::size_t first = layers.size() - steps.size();
  inline_records_.with([&](const auto& records) {
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const auto record = records.find(steps[i]);
      if (record == records.end()) continue;
      by_layer[first + i] = record->second;
      by_layer[first + i]->sealing = layers[first + i].sealed.sealing;
    }
  });
  cache::add_inline_records(by_layer, config);
}

}  // namespace cooper::build
