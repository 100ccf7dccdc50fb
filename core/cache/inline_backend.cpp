#include "cache/inline_backend.h"

#include <nlohmann/json.hpp>

#include "base/cancellation.h"
#include "base/error.h"
#include "oci/manifest.h"

namespace cooper::cache {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kField = "dev.cooper.cache.v1";
constexpr std::size_t kLargestConfig = 8 << 20;  // bytes

// What of a record does not depend on when and where the step ran; the rest is in config and manifest.
Record timeless(const Record& record) {
  Record kept;
  kept.key = record.key;
  kept.content_key = record.content_key;
  kept.step = record.step;
  kept.sealing = record.sealing;
  return kept;
}

std::vector<std::int64_t> layer_times(const oci::ImageConfig& config) {
  std::vector<std::int64_t> times;
  for (const oci::History& entry : config.history) {
    if (!entry.empty_layer) times.push_back(oci::parse_rfc3339(entry.created).value_or(0));
  }
  times.resize(config.diff_ids.size());
  return times;
}

}  // namespace

void add_inline_records(const std::vector<std::optional<Record>>& by_layer, oci::ImageConfig& config) {
  Json list = Json::array();
  for (std::size_t i = 0; i < by_layer.size(); ++i) {
    if (!by_layer[i]) continue;
    list.push_back({{"layer", i}, {"record", timeless(*by_layer[i]).serialize()}});
  }
  config.unknown.erase(kField);
  if (!list.empty()) config.unknown[kField] = list.dump();
}

InlineBackend::InlineBackend(std::shared_ptr<registry::Client> client, oci::Reference image)
    : client_(std::move(client)), image_(std::move(image)) {}

void InlineBackend::load(const oci::Reference& reference, Records& records, const std::stop_token& stop) {
  std::optional<registry::RawManifest> raw = client_->fetch_manifest(reference, stop);
  if (!raw) return;
  if (oci::is_index_document(raw->raw)) {
    for (const oci::Descriptor& image : oci::Index::parse(raw->raw).manifests) {
      oci::Reference pinned = reference;
      pinned.digest = image.digest;
      const bool is_image = !image.platform || image.platform->os != "unknown";
      if (is_image) load(pinned, records, stop);
    }
    return;
  }
  const oci::Manifest manifest = oci::Manifest::parse(std::move(raw->raw), raw->media_type);
  const auto source = client_->open_blob(reference, manifest.config, stop);
  const oci::ImageConfig config =
      oci::ImageConfig::parse(base::read_all(*source, kLargestConfig, "the image config"));
  const auto field = config.unknown.find(kField);
  if (field == config.unknown.end()) return;
  const Json list = Json::parse(field->second, nullptr, /*allow_exceptions=*/false);
  const std::vector<std::int64_t> times = layer_times(config);
  for (const Json& item : list) {
    if (!item.is_object() || !item.contains("layer") || !item["layer"].is_number_unsigned()) continue;
    const auto layer = item["layer"].get<std::size_t>();
    if (layer >= manifest.layers.size() || layer >= config.diff_ids.size()) continue;
    if (!item.contains("record") || !item["record"].is_string()) continue;
    Record record = Record::parse(item["record"].get<std::string>());
    record.diff_id = config.diff_ids[layer];
    record.blob = manifest.layers[layer];
    record.created = times[layer];
    records[record.key.hex()] = record.serialize();
    if (record.content_key) records[record.content_key->hex()] = record.serialize();
  }
}

const InlineBackend::Records& InlineBackend::records(const std::stop_token& stop) {
  std::scoped_lock lock(loading_);
  if (records_) return *records_;
  try {
    Records found;
    load(image_, found, stop);
    records_ = std::move(found);
  } catch (const base::Error& error) {
    // What is damaged is told once, and is then an empty cache.
    if (error.kind() == base::ErrorKind::kCorrupt) records_.emplace();
    throw;
  }
  return *records_;
}

std::optional<std::string> InlineBackend::read(const DocumentName& name, const std::stop_token& stop) {
  base::throw_if_stopped(stop);
  if (name.kind != DocumentKind::kRecord) return std::nullopt;
  const Records& all = records(stop);
  const auto found = all.find(name.id);
  return found == all.end() ? std::nullopt : std::optional(found->second);
}

void InlineBackend::write(const DocumentName&, const Document&, const std::stop_token&) {
  throw base::Error(base::ErrorKind::kUnsupported, "records of an image are written with the image")
      .hint("use --cache-to type=inline");
}

std::vector<std::string> InlineBackend::list(DocumentKind kind, const std::stop_token& stop) {
  std::vector<std::string> ids;
  if (kind != DocumentKind::kRecord) return ids;
  for (const auto& [key, record] : records(stop)) ids.push_back(key);
  return ids;
}

std::unique_ptr<base::ByteSource> InlineBackend::open_blob(const oci::Descriptor& blob,
                                                           const std::stop_token& stop) {
  return client_->open_blob(image_, blob, stop);
}

}  // namespace cooper::cache
