#include "ops/cache_index.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.h"
#include "store/store.h"

namespace cooper::ops {

snapshot::LayerPtr find_local_layer(const cache::Record& record, snapshot::LayerStore& layers) {
  if (!record.diff_id || !record.blob || !record.sealing) return layers.find(record.layer_id);
  if (!layers.store().has_blob(record.blob->digest, record.blob->size)) return nullptr;
  return layers.declare({*record.diff_id, *record.blob, record.sealing}, nullptr);
}

// Null when the record names nothing that can be had: it is then as good as none.
snapshot::LayerPtr CacheIndex::layer_of(cache::Records& place, const cache::Record& record) const {
  if (&place == services_.records) return find_local_layer(record, *services_.layers);
  if (!record.diff_id || !record.blob || !record.sealing) return nullptr;
  snapshot::SealedLayer sealed{*record.diff_id, *record.blob, record.sealing};
  return services_.layers->declare(
      sealed, [backend = place.shared_backend()](const oci::Descriptor& blob, const std::stop_token& stop) {
        return backend->open_blob(blob, stop);
      });
}

std::optional<FoundLayer> CacheIndex::find_in(cache::Records& place, const base::Digest& key,
                                              const std::stop_token& stop) {
  const std::pair<std::string, base::Digest> name{place.name(), key};
  if (memory_.with([&](const Memory& memory) { return memory.excluded.contains(name); })) return std::nullopt;
  std::optional<cache::Record> record = place.find(key, stop);
  if (!record) return std::nullopt;
  snapshot::LayerPtr layer = layer_of(place, *record);
  if (layer == nullptr) return std::nullopt;
  FoundLayer found{std::move(*record), std::move(layer), place.name()};
  if (found.layer->origin()) {
    memory_.with([&](Memory& memory) { memory.found.insert_or_assign(name, found); });
  }
  return found;
}

std::optional<solver::CacheHit> CacheIndex::find(int, const solver::Key& key, const std::stop_token& stop) {
  std::optional<FoundLayer> found = find_in(*services_.records, key.digest, stop);
  for (std::size_t i = 0; !found && i < services_.imports.size(); ++i) {
    found = find_in(*services_.imports[i], key.digest, stop);
  }
  if (!found) return std::nullopt;
  solver::CacheHit hit;
  hit.origin = found->origin;
  hit.content_key = found->record.content_key;
  hit.record = std::make_shared<FoundLayer>(std::move(*found));
  return hit;
}

bool CacheIndex::any_lost() const {
  return memory_.with([](const Memory& memory) {
    return std::any_of(memory.found.begin(), memory.found.end(),
                       [](const auto& found) { return found.second.layer->lost(); });
  });
}

std::vector<std::string> CacheIndex::exclude_lost() {
  return memory_.with([&](Memory& memory) {
    std::vector<std::string> lost;
    for (auto found = memory.found.begin(); found != memory.found.end();) {
      if (!found->second.layer->lost()) {
        ++found;
        continue;
      }
      lost.push_back(fmt::format("the cached layer of '{}' in {} cannot be used", found->second.record.step,
                                 found->second.origin));
      memory.excluded.insert(found->first);
      found = memory.found.erase(found);
    }
    return lost;
  });
}

void CacheIndex::keep_found(const std::stop_token& stop) {
  const auto found = memory_.with([](const Memory& memory) { return memory.found; });
  for (const auto& [name, item] : found) {
    const oci::Descriptor& blob = item.layer->origin()->blob;
    if (item.origin == services_.records->name()) continue;
    if (!services_.layers->store().has_blob(blob.digest, blob.size)) continue;
    cache::Record record = item.record;
    record.layer_id = item.layer->id();
    try {
      services_.records->put(record, stop);
    } catch (const base::Error& error) {
      if (error.kind() == base::ErrorKind::kCancelled) throw;
      return;
    }
  }
}

}  // namespace cooper::ops
