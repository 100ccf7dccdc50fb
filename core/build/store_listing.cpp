#include "build/store_listing.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <unistd.h>
#include <unordered_map>

#include "base/error.h"
#include "cache/document_file.h"
#include "cache/record.h"
#include "os/fd.h"
#include "store/usage.h"

namespace cooper::build {
namespace {

using store::Item;
using store::ItemKind;

bool is_record(const Item& item) {
  return item.kind == ItemKind::kRecord || item.kind == ItemKind::kStepRecord;
}

// Layer → the instruction that made it.
std::unordered_map<std::string, std::string> read_steps(const store::Usage& usage) {
  std::unordered_map<std::string, std::string> steps;
  for (const Item& item : usage.items) {
    if (item.kind != ItemKind::kRecord) continue;
    try {
      if (auto text = cache::read_document_file(item.paths[0])) {
        cache::Record record = cache::Record::parse(*text);
        steps.insert_or_assign(std::move(record.layer_id), std::move(record.step));
      }
    } catch (const base::Error&) {
      continue;  // `cooper cache verify` names it
    }
  }
  return steps;
}

// By its first bytes (RFC 1952, RFC 8878, JSON).
std::string describe_blob(const std::string& path) {
  const os::Fd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  std::array<char, 4> bytes{};
  if (!file.valid() || ::read(file.get(), bytes.data(), bytes.size()) <= 0) return "";
  const std::string_view start(bytes.data(), bytes.size());
  if (start.starts_with("\x1f\x8b")) return "layer, gzip";
  if (start == "\x28\xb5\x2f\xfd") return "layer, zstd";
  if (start.starts_with("{")) return "manifest or config";
  return "";
}

std::string describe(const Item& item, const std::unordered_map<std::string, std::string>& steps) {
  switch (item.kind) {
    case ItemKind::kLayer: {
      auto step = steps.find(item.id);
      if (step != steps.end()) return step->second;
      if (item.id.starts_with("sha256-")) return "layer of an image";
      if (item.id.starts_with("made-")) return "layer from a cache";
      if (item.id.starts_with("directories-")) return "directories between layers";
      return "of no known step";
    }
    case ItemKind::kBlob:
      return describe_blob(item.paths[0]);
    case ItemKind::kMount:
      return "cache mount";
    case ItemKind::kSource:
      return item.id.starts_with("sources/git/") ? "git repository" : "what a URL gave";
    case ItemKind::kRecord:
    case ItemKind::kStepRecord:
      return "";
  }
  return "";
}

}  // namespace

StoreListing list_store(const store::Store& store) {
  store::Usage usage = store::measure_usage(store);
  std::unordered_map<std::string, std::string> steps = read_steps(usage);
  StoreListing listing;
  StoreRow records{"record", "", 0, 0, 0, "results of steps by their keys"};
  for (const Item& item : usage.items) {
    if (is_record(item)) {
      ++records.count;
      records.size += item.size;
      records.last_used = std::max(records.last_used, item.last_used);
      continue;
    }
    listing.rows.push_back({std::string(store::kind_name(item.kind)), item.id, 1, item.size, item.last_used,
                            describe(item, steps)});
  }
  std::sort(listing.rows.begin(), listing.rows.end(), [](const StoreRow& a, const StoreRow& b) {
    return a.last_used != b.last_used ? a.last_used > b.last_used : a.id < b.id;
  });
  if (records.count > 0) listing.rows.push_back(records);
  if (usage.work > 0) listing.rows.push_back({"work", "", 1, usage.work, 0, "files of running builds"});
  listing.total = usage.total();
  return listing;
}

}  // namespace cooper::build
