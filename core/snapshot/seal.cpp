// LayerStore::seal(): from a layer to a blob, once.
#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/error.h"
#include "oci/media_type.h"
#include "os/fd.h"
#include "snapshot/layer_store.h"
#include "snapshot/pack.h"

namespace cooper::snapshot {
namespace {

using Json = nlohmann::json;

// What a record says beside the sealed layer: which times went in, so that it serves only those who ask for
// the same.
struct SealRecord {
  SealedLayer sealed;
  std::int64_t newest = 0;            // before clamping
  std::optional<std::int64_t> epoch;  // only where it changed a time
};

std::optional<std::int64_t> effective_epoch(std::int64_t newest, const std::optional<std::int64_t>& epoch) {
  return epoch && *epoch < newest ? epoch : std::nullopt;
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

std::string render(const SealRecord& record) {
  Json json{{"diff_id", record.sealed.diff_id.str()}, {"digest", record.sealed.blob.digest.str()},
            {"size", record.sealed.blob.size},        {"media_type", record.sealed.blob.media_type},
            {"max_mtime", record.sealed.max_mtime},   {"newest", record.newest}};
  if (record.epoch) json["epoch"] = *record.epoch;
  return json.dump(2) + "\n";
}

// nullopt for a missing or unreadable record: the layer is then sealed again.
std::optional<SealRecord> read_record(const std::string& path) {
  if (::access(path.c_str(), R_OK) != 0) return std::nullopt;
  try {
    Json json = Json::parse(os::read_file(path));
    SealRecord record;
    record.sealed.diff_id = base::Digest::parse_or_throw(json.at("diff_id").get<std::string>());
    record.sealed.blob.digest = base::Digest::parse_or_throw(json.at("digest").get<std::string>());
    record.sealed.blob.size = json.at("size").get<std::uint64_t>();
    record.sealed.blob.media_type = json.at("media_type").get<std::string>();
    record.sealed.max_mtime = json.at("max_mtime").get<std::int64_t>();
    record.newest = json.at("newest").get<std::int64_t>();
    if (json.contains("epoch")) record.epoch = json.at("epoch").get<std::int64_t>();
    return record;
  } catch (const Json::exception&) {
    return std::nullopt;
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

// The blob, and whoever wants its bytes at once.
class TeeSink final : public base::ByteSink {
 public:
  TeeSink(store::BlobWriter& blob, base::ByteSink* tee) : blob_(blob), tee_(tee) {}
  void write(base::ByteSpan data) override {
    blob_.write(data);
    if (tee_ != nullptr) tee_->write(data);
  }
  void finish() override {
    if (tee_ != nullptr) tee_->finish();
  }

 private:
  store::BlobWriter& blob_;
  base::ByteSink* tee_;
};

}  // namespace

SealedLayer LayerStore::seal(Layer& layer, const SealOptions& options, base::ByteSink* tee,
                             const std::stop_token& stop) {
  if (layer.origin()) return *layer.origin();
  std::scoped_lock lock(layer.sealing_);
  std::string path = store_->layer_path(layer.id()) + "/" + record_name(options.compression);
  std::optional<SealRecord> known = read_record(path);
  if (known && known->epoch == effective_epoch(known->newest, options.epoch) &&
      store_->blob_size(known->sealed.blob.digest) == known->sealed.blob.size) {
    return known->sealed;
  }
  materialize(layer, stop);
  SealRecord record;
  record.newest = newest_time(layer.index());
  record.epoch = effective_epoch(record.newest, options.epoch);
  record.sealed = make_blob(layer, options, tee, stop);
  record.sealed.max_mtime = record.epoch.value_or(record.newest);
  os::write_file_atomically(path, render(record));
  return record.sealed;
}

SealedLayer LayerStore::make_blob(Layer& layer, const SealOptions& options, base::ByteSink* tee,
                                  const std::stop_token& stop) {
  archive::Compression compression = options.compression.type;
  store::BlobWriter blob = store_->begin_blob();
  TeeSink compressed(blob, tee);
  std::unique_ptr<base::ByteSink> compressor;
  if (compression != archive::Compression::kNone) {
    compressor = archive::make_compressor(options.compression, compressed, &pool_);
  }
  base::HashingSink tar(compressor != nullptr ? compressor.get() : &compressed);
  pack_layer(layer, options.epoch, tar, stop);
  tar.finish();

  SealedLayer sealed;
  sealed.diff_id = tar.digest();
  sealed.blob.media_type = std::string(oci::layer_media_type(compression));
  sealed.blob.size = blob.size();
  sealed.blob.digest = blob.commit();
  return sealed;
}

}  // namespace cooper::snapshot
