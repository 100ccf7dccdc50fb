#include "cache/store_records.h"

#include "base/error.h"
#include "cache/record_file.h"

namespace cooper::cache {
namespace {

// "records/ab/abcd….json" → "abcd…".
std::string stem(const std::string& path) {
  std::string name = path.substr(path.rfind('/') + 1);
  constexpr std::string_view kEnding = ".json";
  return name.ends_with(kEnding) ? name.substr(0, name.size() - kEnding.size()) : "";
}

}  // namespace

std::optional<std::string> layer_of_record(const std::string& path) {
  try {
    const std::optional<std::string> text = read_record_text(path);
    if (!text) return std::nullopt;
    return Record::parse(*text).layer_id;
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

std::string find_record_damage(const store::Item& item) {
  const std::string name = stem(item.paths[0]);
  const std::optional<base::Digest> key = base::Digest::parse("sha256:" + name);
  if (!key) return "its name is no key";
  try {
    if (item.kind == store::ItemKind::kRecord) {
      read_record_file(item.paths[0], *key);
      const bool sharded = item.id == "records/" + name.substr(0, 2) + "/" + name + ".json";
      return sharded ? "" : "it lies in the directory of other keys";
    }
    const std::optional<std::string> text = read_record_text(item.paths[0]);
    if (text && base::sha256(Record::parse(*text).step_id) != *key) return "it is the record of another step";
  } catch (const base::Error& error) {
    return error.summary();
  }
  return "";
}

}  // namespace cooper::cache
