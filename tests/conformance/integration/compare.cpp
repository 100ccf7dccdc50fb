#include "compare.h"

#include <fmt/format.h>
#include <map>

namespace cooper::conformance {
namespace {

using nlohmann::json;

constexpr std::size_t kShown = 600;

std::string shown(const json& value) {
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  return text.size() > kShown ? text.substr(0, kShown) + "…" : text;
}

class Comparison {
 public:
  explicit Comparison(const Allowances& allowances) : allowances_(allowances) {}

  void images(const json& expected, const json& got) {
    json ordinary = json::array();
    for (const json& image : expected) {
      if (!image.contains("attestation_predicates")) ordinary.push_back(image);
    }
    if (ordinary.size() != got.size()) {
      differs("number of images", ordinary.size(), got.size());
      return;
    }
    for (std::size_t i = 0; i < got.size(); ++i) {
      where_ = got.size() > 1 ? fmt::format("image {}: ", i) : "";
      image(ordinary[i], got[i]);
    }
  }

  std::vector<std::string> take() { return std::move(differences_); }

 private:
  void differs(const std::string& what, const json& expected, const json& got) {
    differences_.push_back(
        fmt::format("{}{}: expected {}, got {}", where_, what, shown(expected), shown(got)));
  }
  void same(const std::string& what, const json& expected, const json& got) {
    if (expected != got) differs(what, expected, got);
  }

  void image(const json& expected, const json& got) {
    for (const char* key : {"platform", "config", "history", "manifest_mediatype"}) {
      same(key, expected.value(key, json()), got.value(key, json()));
    }
    same("annotations", expected.value("annotations", json()), got.value("annotations", json()));
    if (allowances_.image_time)
      same("created", expected.value("created", json()), got.value("created", json()));
    const json& layers = expected["layers"];
    if (layers.size() != got["layers"].size()) {
      differs("number of layers", layers.size(), got["layers"].size());
      return;
    }
    for (std::size_t i = 0; i < layers.size(); ++i) {
      if (!layers[i].contains("base")) layer(i, layers[i]["entries"], got["layers"][i]["entries"]);
    }
  }

  void layer(std::size_t number, const json& expected, const json& got) {
    std::map<std::string, const json*> ours;
    for (const json& entry : got) {
      if (!ours.emplace(entry["path"], &entry).second)
        differs(fmt::format("layer {}", number), "each path once", entry["path"]);
    }
    for (const json& entry : expected) {
      std::string path = entry["path"];
      auto found = ours.find(path);
      if (found == ours.end()) {
        differs(fmt::format("layer {}", number), entry, nullptr);
        continue;
      }
      this->entry(number, entry, *found->second);
      ours.erase(found);
    }
    for (const auto& [path, entry] : ours) differs(fmt::format("layer {}", number), nullptr, *entry);
  }

  void entry(std::size_t number, const json& expected, const json& got) {
    std::vector<const char*> keys = {"type", "mode", "uid", "gid", "target", "xattrs"};
    bool content = !allowances_.other_content(expected["path"], got.value("sha256", ""));
    if (content) keys.insert(keys.end(), {"size", "sha256"});
    if (allowances_.file_times && expected.contains("mtime")) keys.push_back("mtime");
    for (const char* key : keys) {
      if (expected.value(key, json()) == got.value(key, json())) continue;
      differs(fmt::format("layer {}: {} of '{}'", number, key, expected["path"].get<std::string>()),
              expected.value(key, json()), got.value(key, json()));
    }
  }

  const Allowances& allowances_;
  std::string where_;
  std::vector<std::string> differences_;
};

}  // namespace

std::vector<std::string> compare_images(const json& expected, const json& got, const Allowances& allowances) {
  Comparison comparison(allowances);
  comparison.images(expected, got["images"]);
  return comparison.take();
}

}  // namespace cooper::conformance
