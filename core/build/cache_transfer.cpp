#include "build/cache_transfer.h"

#include <atomic>
#include <fmt/format.h>
#include <thread>

#include "base/cancellation.h"
#include "base/error.h"
#include "base/thread_pool.h"
#include "build/cache_exports.h"
#include "build/cache_places.h"
#include "build/cached_blobs.h"
#include "cache/local.h"
#include "ops/cache_index.h"

namespace cooper::build {
namespace {

constexpr std::size_t kFetchesAtOnce = 8;

// A store at work, and whom to tell of damage.
struct Transfer {
  explicit Transfer(Toolbox& toolbox)
      : tools(toolbox),
        pool(std::thread::hardware_concurrency()),
        layers(toolbox.store, toolbox.form, pool),
        warn([&toolbox](const std::string& text) {
          base::Event event;
          event.kind = base::Event::Kind::kWarning;
          event.text = text;
          toolbox.events->emit(std::move(event));
        }),
        local(std::make_shared<cache::LocalBackend>(toolbox.store), warn) {}

  Toolbox& tools;
  base::ThreadPool pool;
  snapshot::LayerStore layers;
  cache::Warn warn;
  cache::Records local;
};

// False when the record names nothing that can be had.
bool bring(const cache::Record& record, cache::Backend& from, Transfer& transfer,
           const std::stop_token& stop) {
  if (!record.diff_id || !record.blob || !record.sealing) return false;
  snapshot::LayerPtr layer =
      transfer.layers.declare({*record.diff_id, *record.blob, record.sealing},
                              [&from](const oci::Descriptor& blob, const std::stop_token& token) {
                                return from.open_blob(blob, token);
                              });
  try {
    transfer.layers.fetch_blob(*layer, stop);
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::kCancelled || !layer->lost()) throw;
    transfer.warn(fmt::format("leaving out '{}': {}", record.step, error.summary()));
    return false;
  }
  cache::Record kept = record;
  kept.layer_id = layer->id();
  transfer.local.put(kept, stop);
  return true;
}

}  // namespace

std::string export_cache(const CachePlace& place, Toolbox& tools, const std::stop_token& stop) {
  Transfer transfer(tools);
  registry::BlobPlaces places;
  CachedBlobs blobs(transfer.layers, places);
  BuildRequest request;
  request.cache_to = {place};
  std::vector<CacheExport> exports = open_exports(request, tools, blobs.provider(), transfer.warn);
  if (exports.empty() || exports.front().is_inline()) {
    throw base::Error(base::ErrorKind::kUsage, fmt::format("nothing can be exported to type={}", place.type))
        .hint("choose a place that can be written: registry, local, s3, gcs, azblob");
  }
  exports.front().all_steps = exports.front().must_succeed = true;
  snapshot::SealOptions options;
  options.compression = exports.front().compression.value_or(options.compression);
  CacheExports writer(
      exports,
      [&](const CacheExports::Step& step, const std::stop_token& token) {
        return transfer.layers.seal(*step.layer, options, nullptr, token);
      },
      transfer.warn);
  for (cache::Record& record : transfer.local.all(stop)) {
    snapshot::LayerPtr layer = ops::find_local_layer(record, transfer.layers);
    if (layer != nullptr) writer.offer({std::move(record), std::move(layer), "", true});
  }
  std::string line = writer.finish(stop).front();
  if (exports.front().directory != nullptr) exports.front().directory->finish();
  return line;
}

std::string import_cache(const CachePlace& place, Toolbox& tools, const std::stop_token& stop) {
  Transfer transfer(tools);
  BuildRequest request;
  request.cache_from = {place};
  std::atomic<std::size_t> brought = 0;
  std::string name;
  base::ThreadPool fetchers(kFetchesAtOnce);
  for (const CacheImport& import : open_imports(request, tools, transfer.warn)) {
    const std::vector<cache::Record> records = import.records->all(stop);
    base::parallel_for(fetchers, records.size(), 1, [&](std::size_t i) {
      base::throw_if_stopped(stop);
      if (bring(records[i], import.records->backend(), transfer, stop)) ++brought;
    });
    if (name.empty()) name = import.records->name();
  }
  return fmt::format("{} results brought from the cache in {}", brought.load(), name);
}

}  // namespace cooper::build
