#include "cache/store_records.h"

#include "base/error.h"
#include "cache/document_file.h"

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
    const std::optional<std::string> text = read_document_file(path);
    if (!text) return std::nullopt;
    Record record = Record::parse(*text);
    return record.blob ? std::string() : std::move(record.layer_id);
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

std::string find_record_damage(const store::Item& item) {
  const std::string name = stem(item.paths[0]);
  const std::optional<base::Digest> key = base::Digest::parse("sha256:" + name);
  if (!key) return "its name is no key";
  try {
    const std::optional<std::string> text = read_document_file(item.paths[0]);
    if (!text) return "";
    const Record record = Record::parse(*text);
    if (item.kind == store::ItemKind::kStepRecord) {
      return base::sha256(record.step_id) == *key ? "" : "it is the record of another step";
    }
    if (!record.answers(*key)) return "it is the record of another key";
    const bool sharded = item.id == "records/" + name.substr(0, 2) + "/" + name + ".json";
    if (!sharded) return "it lies in the directory of other keys";
  } catch (const base::Error& error) {
    return error.summary();
  }
  return "";
}

}  // namespace cooper::cache
