#include "snapshot/unchanged.h"

#include "snapshot/layer_index.h"

namespace cooper::snapshot {
namespace {

EntryType kind(const Entry& entry) {
  return entry.type == EntryType::kHardlink ? EntryType::kFile : entry.type;
}

bool same_attributes(const Entry& below, const Entry& above) {
  return kind(below) == kind(above) && below.mode == above.mode && below.uid == above.uid &&
         below.gid == above.gid && below.xattrs == above.xattrs && below.device_major == above.device_major &&
         below.device_minor == above.device_minor;
}

}  // namespace

Change find_change(const Entry& below, const Entry& above) {
  if (above.opaque || !same_attributes(below, above)) return Change::kYes;
  if (above.is_directory()) return Change::kNone;
  if (below.size != above.size || below.mtime != above.mtime || below.mtime_nsec != above.mtime_nsec ||
      (above.type == EntryType::kSymlink && below.link_target != above.link_target)) {
    return Change::kYes;
  }
  return kind(above) == EntryType::kFile && above.mtime_nsec == 0 ? Change::kOfContentOnly : Change::kNone;
}

std::vector<bool> mark_changes(const std::vector<const Entry*>& sorted,
                               const std::function<bool(std::size_t)>& is_unchanged) {
  std::vector<bool> changed(sorted.size());
  const Entry* last_changed = nullptr;
  for (std::size_t i = sorted.size(); i-- > 0;) {
    // Everything below a directory follows it, so the nearest change behind it tells.
    bool leads_to_change = last_changed != nullptr && is_below(last_changed->path, sorted[i]->path);
    changed[i] = leads_to_change || !is_unchanged(i);
    if (changed[i]) last_changed = sorted[i];
  }
  return changed;
}

}  // namespace cooper::snapshot
