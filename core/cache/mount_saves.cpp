#include "cache/mount_saves.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cache/document_json.h"

namespace cooper::cache {
namespace {

using document_json::find;
using document_json::Json;
using document_json::refuse;

constexpr int kMountSchema = 1;

std::uint64_t size_of(const Json& object) {
  const std::int64_t size = document_json::integer_of(object, "size");
  if (size < 0) refuse("'size' is negative");
  return static_cast<std::uint64_t>(size);
}

MountLayer layer_of(const Json& object) {
  if (!object.is_object()) refuse("a layer is no object");
  const auto diff_id = document_json::digest_of(object, "diffId");
  const Json* blob = find(object, "blob");
  if (!diff_id || blob == nullptr) refuse("a layer has no digest");
  return {*diff_id, oci::Descriptor::parse(blob->dump()), size_of(object)};
}

}  // namespace

std::uint64_t MountSave::blob_size() const {
  std::uint64_t total = 0;
  for (const MountLayer& layer : layers) total += layer.blob.size;
  return total;
}

std::string MountSave::serialize() const {
  Json list = Json::array();
  for (const MountLayer& layer : layers) {
    list.push_back({{"diffId", layer.diff_id.str()},
                    {"blob", Json::parse(layer.blob.serialize())},
                    {"size", layer.size}});
  }
  const Json json{
      {"schema", kMountSchema}, {"mount", mount}, {"saved", saved}, {"size", size}, {"layers", list}};
  return json.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n";
}

MountSave MountSave::parse(std::string_view json) {
  const Json object = document_json::parse(json);
  if (document_json::integer_of(object, "schema") != kMountSchema)
    refuse("made by another version of cooper");
  MountSave save;
  save.mount = document_json::string_of(object, "mount");
  save.saved = document_json::integer_of(object, "saved");
  save.size = size_of(object);
  const Json* list = find(object, "layers");
  if (list == nullptr || !list->is_array() || list->empty()) refuse("no layers");
  if (list->size() > kMostMountLayers) refuse(fmt::format("more than {} layers", kMostMountLayers));
  for (const Json& item : *list) save.layers.push_back(layer_of(item));
  return save;
}

Document MountSave::document() const {
  Document document;
  document.text = serialize();
  for (const MountLayer& layer : layers) document.blobs.push_back(layer.blob);
  return document;
}

DocumentName mount_document(const std::string& name) {
  return {DocumentKind::kMount, name};
}

}  // namespace cooper::cache
