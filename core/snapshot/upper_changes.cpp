#include "snapshot/upper_changes.h"

#include <algorithm>
#include <fcntl.h>
#include <unistd.h>
#include <unordered_set>

#include "base/error.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "snapshot/layer_index.h"
#include "snapshot/unchanged.h"

namespace cooper::snapshot {
namespace {

constexpr std::size_t kFilesAtOnce = 256;

bool upper_less(const FoundEntry& a, const FoundEntry& b) {
  return path_less(a.entry.path, b.entry.path);
}

class Changes {
 public:
  Changes(std::vector<FoundEntry>& all, const std::string& upper, const MergedView& lower,
          const WasFresh& was_fresh)
      : all_(all), lower_(lower), was_fresh_(was_fresh), root_(upper) {}

  // Replaces opaque marks by whiteouts of what they hide; remembers what lies below them.
  void open_opaque_directories() {
    std::unordered_set<std::string> paths;
    std::string opaque;
    bool inside = false;
    std::vector<std::string> directories;
    for (FoundEntry& found : all_) {
      Entry& entry = found.entry;
      inside = inside && is_below(entry.path, opaque);
      if (inside) hidden_.insert(entry.path);
      if (!inside && entry.opaque) {
        opaque = entry.path;
        inside = true;
      }
      entry.opaque = false;
      if (!inside) continue;
      paths.insert(entry.path);
      if (entry.is_directory()) directories.push_back(entry.path);
    }
    for (const std::string& directory : directories) add_whiteouts(directory, paths);
    if (!directories.empty()) std::sort(all_.begin(), all_.end(), upper_less);
  }

  void drop_unchanged(base::ThreadPool& pool) {
    std::vector<char> unchanged(all_.size());
    base::parallel_for(pool, all_.size(), kFilesAtOnce,
                       [&](std::size_t i) { unchanged[i] = is_unchanged(all_[i].entry) ? 1 : 0; });
    std::vector<const Entry*> entries;
    entries.reserve(all_.size());
    for (const FoundEntry& found : all_) entries.push_back(&found.entry);
    std::vector<bool> changed = mark_changes(entries, [&](std::size_t i) { return unchanged[i] != 0; });
    // Deepest first, so that directories are empty by then.
    for (std::size_t i = all_.size(); i-- > 0;) {
      if (!changed[i] && !hidden_.contains(all_[i].entry.path)) remove(all_[i].entry);
    }
    std::size_t kept = 0;
    for (std::size_t i = 0; i < all_.size(); ++i) {
      if (changed[i]) std::swap(all_[kept++], all_[i]);
    }
    all_.resize(kept);
  }

 private:
  void add_whiteouts(const std::string& directory, const std::unordered_set<std::string>& paths) {
    std::optional<Entry> below = lower_.lookup(directory);
    if (!below || !below->is_directory()) return;
    for (const Entry& child : lower_.list(directory)) {
      if (paths.contains(child.path)) continue;
      FoundEntry whiteout;
      whiteout.entry.path = child.path;
      whiteout.entry.type = EntryType::kWhiteout;
      all_.push_back(std::move(whiteout));
    }
  }

  bool is_unchanged(const Entry& entry) const {
    if (entry.type == EntryType::kWhiteout) return false;
    std::optional<Entry> below = lower_.lookup(entry.path);
    if (!below) return false;
    Change change = find_change(*below, entry);
    if (change == Change::kYes && below->fresh && was_fresh_ && was_fresh_(entry)) {
      // Two times of builds: which ones depends on what was cached.
      Entry timeless = entry;
      timeless.mtime = below->mtime;
      timeless.mtime_nsec = below->mtime_nsec = 0;
      change = find_change(*below, timeless);
    }
    return change == Change::kNone ||
           (change == Change::kOfContentOnly && digest_of(entry.path) == lower_.content_digest(*below));
  }

  base::Digest digest_of(const std::string& path) const {
    os::Fd file = root_.open_exact(path, O_RDONLY);
    os::FdSource source(file.get(), path);
    base::HashingSink sink;
    base::copy_all(source, sink);
    return sink.digest();
  }

  void remove(const Entry& entry) const {
    std::string_view above = parent_path(entry.path);
    os::Fd parent = root_.open_exact(above.empty() ? "." : std::string(above), O_PATH | O_DIRECTORY);
    std::string name(base_name(entry.path));
    int flags = entry.is_directory() ? AT_REMOVEDIR : 0;
    base::check(::unlinkat(parent.get(), name.c_str(), flags), "remove", entry.path);
  }

  std::vector<FoundEntry>& all_;
  const MergedView& lower_;
  const WasFresh& was_fresh_;
  os::Root root_;
  std::unordered_set<std::string> hidden_;  // below an opaque directory
};

}  // namespace

void keep_changes(std::vector<FoundEntry>& all, const std::string& upper, const MergedView& lower,
                  base::ThreadPool& pool, const WasFresh& was_fresh) {
  Changes changes(all, upper, lower, was_fresh);
  changes.open_opaque_directories();
  changes.drop_unchanged(pool);
}

}  // namespace cooper::snapshot
