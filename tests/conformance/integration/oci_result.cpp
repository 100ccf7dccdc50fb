#include "oci_result.h"

#include <fmt/format.h>
#include <map>
#include <stdexcept>

#include "archives.h"
#include "base/digest.h"
#include "files.h"

namespace cooper::conformance {
namespace {

using nlohmann::json;

constexpr const char* kReferenceType = "vnd.docker.reference.type";

class Archive {
 public:
  explicit Archive(const std::string& path) {
    for (TarMember& member : read_tar(read_file(path))) {
      std::string name = member.path;
      files_[std::move(name)] = std::move(member.content);
    }
  }

  const std::string& file(const std::string& path) const {
    auto found = files_.find(path);
    if (found == files_.end()) throw std::runtime_error("the archive has no " + path);
    return found->second;
  }
  const std::string& blob(const json& descriptor) const {
    std::string digest = descriptor["digest"];
    const std::string& bytes = file("/blobs/sha256/" + digest.substr(digest.find(':') + 1));
    if (base::sha256(bytes).str() != digest)
      throw std::runtime_error("blob " + digest + " has another digest");
    if (descriptor["size"] != bytes.size()) throw std::runtime_error("blob " + digest + " has another size");
    return bytes;
  }

 private:
  std::map<std::string, std::string> files_;
};

json entry_of(const TarMember& member) {
  json entry = {{"path", member.path}, {"type", member.type}, {"mode", fmt::format("{:04o}", member.mode)},
                {"uid", member.uid},   {"gid", member.gid},   {"mtime", member.mtime}};
  if (member.type == "file") {
    entry["size"] = member.content.size();
    entry["sha256"] = base::sha256(member.content).hex();
  }
  if (!member.target.empty()) entry["target"] = member.target;
  for (const auto& [name, value] : member.xattrs) entry["xattrs"][name] = value;
  return entry;
}

json layer_of(const std::string& bytes) {
  json entries = json::array();
  for (const TarMember& member : read_tar(bytes)) entries.push_back(entry_of(member));
  return {{"entries", std::move(entries)}};
}

json history_of(const json& config) {
  json history = config.value("history", json::array());
  for (json& entry : history) entry.erase("created");
  return history;
}

json image_of(const Archive& archive, const json& descriptor) {
  json manifest = json::parse(archive.blob(descriptor));
  json config = json::parse(archive.blob(manifest["config"]));
  json image;
  image["platform"] = {{"architecture", config["architecture"]}, {"os", config["os"]}};
  for (const char* key : {"variant", "os.version"}) {
    if (config.contains(key)) image["platform"][key] = config[key];
  }
  image["manifest_mediatype"] = manifest["mediaType"];
  if (manifest.contains("annotations")) image["annotations"] = manifest["annotations"];
  if (config.contains("created")) image["created"] = config["created"];
  image["history"] = history_of(config);
  image["layers"] = json::array();
  for (const json& layer : manifest["layers"]) image["layers"].push_back(layer_of(archive.blob(layer)));
  std::size_t diff_ids = config["rootfs"]["diff_ids"].size();
  if (diff_ids != image["layers"].size()) throw std::runtime_error("diff_ids and layers differ in number");
  for (const char* key : {"created", "history", "rootfs"}) config.erase(key);
  image["config"] = std::move(config);
  return image;
}

void add_images(const Archive& archive, const json& index, json& result) {
  for (const json& descriptor : index["manifests"]) {
    std::string type = descriptor["mediaType"];
    if (type.find("index") != std::string::npos || type.find("manifest.list") != std::string::npos) {
      add_images(archive, json::parse(archive.blob(descriptor)), result);
    } else if (descriptor.value("annotations", json::object()).contains(kReferenceType)) {
      result["attestations"] = result["attestations"].get<int>() + 1;
    } else {
      result["images"].push_back(image_of(archive, descriptor));
    }
  }
}

}  // namespace

json read_oci_archive(const std::string& path) {
  Archive archive(path);
  json result = {{"images", json::array()}, {"attestations", 0}};
  add_images(archive, json::parse(archive.file("/index.json")), result);
  return result;
}

}  // namespace cooper::conformance
