// LayerStore::seal(): from a layer to a blob, once.
#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "base/trace.h"
#include "os/fd.h"
#include "snapshot/layer_store.h"
#include "snapshot/pack.h"
#include "snapshot/pack_blob.h"

namespace cooper::snapshot {
namespace {

using Json = nlohmann::json;

std::optional<std::int64_t> effective_epoch(std::int64_t newest, const std::optional<std::int64_t>& epoch) {
  return epoch && *epoch < newest ? epoch : std::nullopt;
}

// Whether a blob made like this is the one that `options` would give.
bool fits(const Sealing& sealing, const SealOptions& options) {
  return sealing.compression == options.compression &&
         sealing.epoch == effective_epoch(sealing.newest, options.epoch);
}

std::string compression_name(archive::Compression compression) {
  switch (compression) {
    case archive::Compression::kNone:
      return "none";
    case archive::Compression::kGzip:
      return "gzip";
    case archive::Compression::kZstd:
      return "zstd";
  }
  return "none";
}

std::string record_name(const archive::CompressionOptions& options) {
  if (options.level < 0) return fmt::format("sealed-{}-default.json", compression_name(options.type));
  return fmt::format("sealed-{}-{}.json", compression_name(options.type), options.level);
}

std::string render(const SealedLayer& sealed) {
  Json json{{"diff_id", sealed.diff_id.str()},
            {"digest", sealed.blob.digest.str()},
            {"size", sealed.blob.size},
            {"media_type", sealed.blob.media_type},
            {"newest", sealed.sealing->newest}};
  if (sealed.sealing->epoch) json["epoch"] = *sealed.sealing->epoch;
  if (sealed.sealing->fresh_since) json["fresh_since"] = *sealed.sealing->fresh_since;
  Json& times = json["own_times"] = Json::array();
  for (const auto& [path, time] : sealed.sealing->own_times)
    times.push_back({base::escape_bytes(path), time});
  return json.dump(2) + "\n";
}

SealedLayer parse(const std::string& text, const archive::CompressionOptions& compression) {
  Json json = Json::parse(text);
  SealedLayer sealed;
  sealed.diff_id = base::Digest::parse_or_throw(json.at("diff_id").get<std::string>());
  sealed.blob.digest = base::Digest::parse_or_throw(json.at("digest").get<std::string>());
  sealed.blob.size = json.at("size").get<std::uint64_t>();
  sealed.blob.media_type = json.at("media_type").get<std::string>();
  Sealing sealing;
  sealing.compression = compression;
  sealing.newest = json.at("newest").get<std::int64_t>();
  if (json.contains("epoch")) sealing.epoch = json.at("epoch").get<std::int64_t>();
  if (json.contains("fresh_since")) sealing.fresh_since = json.at("fresh_since").get<std::int64_t>();
  for (const Json& own : json.at("own_times")) {
    sealing.own_times.emplace_back(base::percent_decode(own.at(0).get<std::string>()),
                                   own.at(1).get<std::int64_t>());
  }
  sealed.sealing = std::move(sealing);
  return sealed;
}

// nullopt for a missing or unreadable record: the layer is then sealed again.
std::optional<SealedLayer> read_record(const std::string& path,
                                       const archive::CompressionOptions& compression) {
  if (::access(path.c_str(), R_OK) != 0) return std::nullopt;
  try {
    return parse(os::read_file(path), compression);
  } catch (const Json::exception&) {
    return std::nullopt;
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

// What tells the fresh entries of a sealed tar from the others.
void describe_times(const LayerIndex& index, Sealing& sealing) {
  sealing.fresh_since = sealing.epoch;
  for (const Entry& entry : index.entries()) {
    if (sealing.epoch || !entry.fresh || entry.type == EntryType::kWhiteout) continue;
    sealing.fresh_since = std::min(sealing.fresh_since.value_or(entry.mtime), entry.mtime);
  }
  if (!sealing.fresh_since) return;
  for (const Entry& entry : index.entries()) {
    if (entry.fresh || entry.mtime < *sealing.fresh_since || entry.type == EntryType::kWhiteout) continue;
    sealing.own_times.emplace_back(entry.path, entry.mtime);
  }
  std::sort(sealing.own_times.begin(), sealing.own_times.end());
}

}  // namespace

SealedLayer LayerStore::seal(Layer& layer, const SealOptions& asked, base::ByteSink* tee,
                             const std::stop_token& stop) {
  SealOptions options = asked;
  // A time to come: what is made now is older.
  if (options.epoch && *options.epoch >= opened_) options.epoch.reset();
  if (layer.origin() && (!layer.origin()->sealing || fits(*layer.origin()->sealing, options)))
    return *layer.origin();
  std::scoped_lock lock(layer.sealing_);
  std::string path = sealed_path(layer, options.compression);
  std::optional<SealedLayer> known = read_record(path, options.compression);
  if (known && fits(*known->sealing, options) && store_->has_blob(known->blob.digest, known->blob.size))
    return *known;
  materialize(layer, stop);
  const base::Span span("layer", "pack and compress", layer.id());
  Sealing sealing;
  sealing.compression = options.compression;
  sealing.newest = newest_time(layer.index());
  sealing.epoch = effective_epoch(sealing.newest, options.epoch);
  describe_times(layer.index(), sealing);
  options.epoch = sealing.epoch;
  const std::unique_ptr<FileContents> files = layer.contents();
  SealedLayer sealed =
      pack_blob(*store_, {layer.index(), *files, options.epoch, options.compression}, pool_, tee, stop);
  sealed.sealing = std::move(sealing);
  store_->write_file(path, render(sealed));
  return sealed;
}

std::string LayerStore::sealed_path(const Layer& layer, const archive::CompressionOptions& options) const {
  return store_->layer_path(layer.id()) + "/" + record_name(options);
}

bool LayerStore::was_sealed_as(const Layer& layer) const {
  const SealedLayer& origin = *layer.origin();
  const archive::CompressionOptions& compression = origin.sealing->compression;
  const std::optional<SealedLayer> known = read_record(sealed_path(layer, compression), compression);
  return known && known->diff_id == origin.diff_id && known->blob.digest == origin.blob.digest;
}

void LayerStore::remember_sealed(const Layer& layer) const {
  os::make_directories(store_->layer_path(layer.id()));
  store_->write_file(sealed_path(layer, layer.origin()->sealing->compression), render(*layer.origin()));
}

void LayerStore::require_blob(Layer& layer, const SealedLayer& sealed, const std::stop_token& stop) {
  if (layer.origin() && layer.origin()->blob.digest == sealed.blob.digest) fetch_blob(layer, stop);
}

}  // namespace cooper::snapshot
