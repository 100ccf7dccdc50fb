#include "snapshot/directory_index.h"

#include <optional>
#include <vector>

#include "snapshot/directory_reader.h"
#include "snapshot/layer_names.h"

namespace cooper::snapshot {
namespace {

bool is_file(const Entry& entry) {
  return entry.type == EntryType::kFile || entry.type == EntryType::kHardlink;
}

// On disk every name of a file is a file.
std::optional<Entry> file_or_other(const LayerIndex* known, const std::string& path) {
  const Entry* entry = known == nullptr ? nullptr : known->find(path);
  if (entry == nullptr) return std::nullopt;
  Entry found = *entry;
  if (found.type == EntryType::kHardlink) found.type = EntryType::kFile;
  return found;
}

bool is_unused(const FoundEntry& found, std::int64_t since) {
  return is_file(found.entry) && found.entry.mtime < since && found.accessed < since;
}

bool looks_same(const Entry& before, const Entry& after) {
  return before.type == after.type && before.mode == after.mode && before.uid == after.uid &&
         before.gid == after.gid && before.mtime == after.mtime && before.mtime_nsec == after.mtime_nsec &&
         before.size == after.size && before.link_target == after.link_target &&
         before.xattrs == after.xattrs;
}

// The name that stands for all names of a file.
const std::string& first_name(const Entry& entry) {
  return entry.type == EntryType::kHardlink ? entry.link_target : entry.path;
}

}  // namespace

DirectoryIndex index_directory(const std::string& directory, Form form, const DirectoryRules& rules,
                               base::ThreadPool& pool) {
  const DirectoryReader reader(directory, DirectoryReader::Kind::kPlain, form,
                               [&](const std::string& path) { return file_or_other(rules.known, path); });
  DirectoryIndex result;
  std::vector<FoundEntry> kept;
  std::string reserved;  // the directory of such a name that the walk is in
  for (FoundEntry& found : reader.read_all(pool)) {
    const Entry& entry = found.entry;
    if (!reserved.empty() && is_below(entry.path, reserved)) continue;
    if (is_reserved_name(base_name(entry.path))) {
      reserved = entry.path;
      continue;
    }
    if (is_unused(found, rules.used_since)) continue;
    if (is_file(entry) && found.status_changed > rules.since) result.touched.insert(entry.path);
    kept.push_back(std::move(found));
  }
  result.index = make_index(std::move(kept));
  return result;
}

LayerIndex index_changes(const LayerIndex& before, const DirectoryIndex& after) {
  std::set<std::string> changed;  // first names
  for (const Entry& entry : after.index.entries()) {
    const Entry* old = before.find(entry.path);
    if (old == nullptr || !looks_same(*old, entry) || after.touched.contains(entry.path))
      changed.insert(first_name(entry));
  }
  std::vector<Entry> entries;
  for (const Entry& entry : after.index.entries()) {
    if (changed.contains(first_name(entry))) entries.push_back(entry);
  }
  for (const Entry& entry : before.entries()) {
    if (after.index.find(entry.path) != nullptr) continue;
    // What lies below something that is gone or is no directory any more goes with it.
    const std::string parent(parent_path(entry.path));
    const Entry* above = after.index.find(parent);
    if (!parent.empty() && (above == nullptr || !above->is_directory())) continue;
    Entry whiteout;
    whiteout.path = entry.path;
    whiteout.type = EntryType::kWhiteout;
    entries.push_back(std::move(whiteout));
  }
  return LayerIndex(std::move(entries));
}

}  // namespace cooper::snapshot
