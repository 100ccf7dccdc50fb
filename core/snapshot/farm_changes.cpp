#include "snapshot/farm_changes.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sys/stat.h>
#include <unistd.h>
#include <unordered_set>

#include "base/error.h"
#include "os/beneath.h"
#include "snapshot/farm.h"
#include "snapshot/parent_directory.h"
#include "snapshot/path_order.h"
#include "snapshot/tree_writer.h"
#include "snapshot/xattrs.h"

namespace cooper::snapshot {
namespace {

// Sorted, so that a directory comes before what is below it.
using Paths = std::set<std::string, PathLess>;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// Every path that may have changed, and every directory that leads to one.
class PathCollector {
 public:
  PathCollector(const std::string& farm, const MergedView& lower) : root_(farm), lower_(lower) {}

  void add(const FarmChange& change) {
    if (!change.path.empty()) add_with_parents(change.path);
    if (!change.with_all_below) return;
    add_lower(change.path);
    add_farm(change.path);
  }
  Paths take() { return std::move(paths_); }

 private:
  void add_with_parents(const std::string& path) {
    for (std::string_view each = path; !each.empty(); each = parent_path(each)) {
      if (!paths_.emplace(each).second) return;
    }
  }

  void add_lower(const std::string& directory) {
    for (const Entry& child : lower_.list(directory)) {
      if (is_system_place(child.path)) continue;
      paths_.insert(child.path);
      if (child.is_directory()) add_lower(child.path);
    }
  }

  // Nothing where there is no such directory any more.
  void add_farm(const std::string& path) {
    constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    struct stat status {};
    os::Fd above = open_parent(path);
    const std::string name = path.empty() ? "." : std::string(base_name(path));
    if (!above.valid() || ::fstatat(above.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) < 0 ||
        !S_ISDIR(status.st_mode)) {
      return;
    }
    add_children(os::Fd(base::check(::openat(above.get(), name.c_str(), kFlags), "open directory", path)),
                 path);
  }

  os::Fd open_parent(const std::string& path) const {
    try {
      const std::string above(parent_path(path));
      return root_.open_exact(above.empty() ? "." : above, O_PATH | O_DIRECTORY);
    } catch (const base::Error& error) {
      if (error.errno_value() == ENOENT || error.errno_value() == ENOTDIR || error.errno_value() == ELOOP)
        return {};
      throw;
    }
  }

  void add_children(os::Fd directory, const std::string& path) {
    std::unique_ptr<DIR, CloseDirectory> stream(::fdopendir(directory.get()));
    if (stream == nullptr) base::throw_errno("read directory", path);
    const int here = directory.release();
    errno = 0;
    while (const dirent* item = ::readdir(stream.get())) {
      const std::string name = item->d_name;
      std::string child = join_path(path, name);
      errno = 0;
      if (name == "." || name == ".." || is_system_place(child)) continue;
      constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
      if (item->d_type == DT_DIR || item->d_type == DT_UNKNOWN) {
        const int below = ::openat(here, name.c_str(), kFlags);
        if (below >= 0) {
          add_children(os::Fd(below), child);
        } else if (errno != ENOTDIR && errno != ELOOP) {
          base::throw_errno("open directory", child);
        }
      }
      paths_.insert(std::move(child));
      errno = 0;
    }
    if (errno != 0) base::throw_errno("read directory", path);
  }

  os::Root root_;
  const MergedView& lower_;
  Paths paths_;
};

class ChangeReader {
 public:
  ChangeReader(const std::string& farm, const MergedView& lower, Form form, const InodeNotes& notes)
      : lower_(lower),
        notes_(notes),
        places_(farm),
        reader_(farm, DirectoryReader::Kind::kFarm, form, [](const std::string&) { return std::nullopt; }) {}

  std::vector<FoundEntry> read(const Paths& paths) {
    add_system_places();
    for (const std::string& path : paths) {
      // Below what is no directory, or gone, there is nothing, and nothing to hide.
      const std::string above(parent_path(path));
      if (is_system_place(path) || (!above.empty() && !directories_.contains(above))) continue;
      read_path(path);
    }
    std::sort(found_.begin(), found_.end(),
              [](const FoundEntry& a, const FoundEntry& b) { return path_less(a.entry.path, b.entry.path); });
    return std::move(found_);
  }

 private:
  // Steps with mounts leave these where an image has none, as runc does.
  void add_system_places() {
    for (const char* place : {"dev", "proc", "sys"}) {
      if (lower_.lookup(place)) continue;
      FoundEntry& added = found_.emplace_back();
      added.entry.path = place;
      added.entry.type = EntryType::kDirectory;
      added.entry.mode = 0755;
      added.entry.mtime = std::time(nullptr);
    }
  }

  void read_path(const std::string& path) {
    const os::Fd& parent = places_.parent_of(path);
    const std::string name(base_name(path));
    struct stat status {};
    if (::fstatat(parent.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) < 0) {
      if (errno != ENOENT) base::throw_errno("examine", path);
      return add_whiteout(path);
    }
    if (S_ISSOCK(status.st_mode)) {
      base::check(::unlinkat(parent.get(), name.c_str(), 0), "remove socket", path);
      return add_whiteout(path);
    }
    FoundEntry found = reader_.read_entry(parent.get(), name, path, status);
    if (found.entry.type != EntryType::kWhiteout) {
      notes_.correct(found.device, found.inode, found.entry);
      // No more than steps with mounts leave: what else a step says of a file ends with it.
      std::erase_if(found.entry.xattrs,
                    [](const auto& attribute) { return !belongs_on_disk(attribute.first); });
    }
    if (found.entry.is_directory()) directories_.insert(path);
    found_.push_back(std::move(found));
  }

  void add_whiteout(const std::string& path) {
    if (!lower_.lookup(path)) return;
    FoundEntry& gone = found_.emplace_back();
    gone.entry.path = path;
    gone.entry.type = EntryType::kWhiteout;
  }

  const MergedView& lower_;
  const InodeNotes& notes_;
  ParentDirectory places_;
  DirectoryReader reader_;
  std::unordered_set<std::string> directories_;
  std::vector<FoundEntry> found_;
};

// The farm's inode is what later steps and other tiers find in the layer's tree.
void set_disk_mode(int parent, const std::string& name, const Entry& entry, Form form) {
  if (form != Form::kOwn || entry.type != EntryType::kFile) return;
  struct stat status {};
  base::check(::fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW), "examine", entry.path);
  if ((status.st_mode & 07777U) == disk_mode(entry, form)) return;
  base::check(::fchmodat(parent, name.c_str(), disk_mode(entry, form), 0), "set the mode of", entry.path);
}

// Makes an upper directory of what was found.
void link_changes(const std::vector<FoundEntry>& found, const std::string& farm, const std::string& upper,
                  Form form) {
  TreeWriter writer(upper, form);
  ParentDirectory from(farm);
  ParentDirectory to(upper);
  for (const FoundEntry& each : found) {
    const Entry& entry = each.entry;
    if (entry.is_directory() || entry.type == EntryType::kWhiteout) {
      writer.add(entry);
      continue;
    }
    const std::string name(base_name(entry.path));
    const os::Fd& source = from.parent_of(entry.path);
    set_disk_mode(source.get(), name, entry, form);
    base::check(::linkat(source.get(), name.c_str(), to.parent_of(entry.path).get(), name.c_str(), 0), "link",
                entry.path);
  }
}

// Makes the farm one of the layer, too, when all was found and `kept` is the layer.
class Settler {
 public:
  Settler(const std::string& farm, const MergedView& lower, InodeNotes& notes)
      : lower_(lower), notes_(notes), places_(farm) {}

  void settle(const std::vector<FoundEntry>& all, const std::vector<FoundEntry>& kept) {
    auto next = kept.begin();
    for (const FoundEntry& found : all) {
      if (next != kept.end() && next->entry.path == found.entry.path) {
        ++next;
      } else {
        restore_times(found.entry);
      }
    }
    note_names(kept);
  }

 private:
  void restore_times(const Entry& entry) {
    const std::optional<Entry> below = lower_.lookup(entry.path);
    if (!below || (below->mtime == entry.mtime && below->mtime_nsec == entry.mtime_nsec)) return;
    const std::array<timespec, 2> times{timespec{below->mtime, below->mtime_nsec},
                                        timespec{below->mtime, below->mtime_nsec}};
    const std::string name(base_name(entry.path));
    base::check(
        ::utimensat(places_.parent_of(entry.path).get(), name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW),
        "set the times of", entry.path);
  }

  // The layer's tree has a name of each now, which is none of the step's.
  void note_names(const std::vector<FoundEntry>& kept) {
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint32_t> names;
    for (const FoundEntry& found : kept) {
      if (found.entry.type == EntryType::kFile) ++names[{found.device, found.inode}];
    }
    for (const FoundEntry& found : kept) {
      if (found.entry.type != EntryType::kFile) continue;
      notes_.note(found.device, found.inode, found.entry, names.at({found.device, found.inode}));
    }
  }

  const MergedView& lower_;
  InodeNotes& notes_;
  ParentDirectory places_;
};

}  // namespace

std::vector<FoundEntry> find_farm_changes(const std::string& farm, const std::vector<FarmChange>& changes,
                                          const MergedView& lower, Form form, const InodeNotes& notes) {
  PathCollector collector(farm, lower);
  for (const FarmChange& change : changes) collector.add(change);
  return ChangeReader(farm, lower, form, notes).read(collector.take());
}

std::vector<FarmChange> everything_changed() {
  return {{"", true}};
}

LayerIndex index_farm(const std::string& farm, const std::vector<FarmChange>& changes,
                      const std::string& upper, Form form, const MergedView& lower, InodeNotes& notes,
                      base::ThreadPool& pool, const WasFresh& was_fresh) {
  const std::vector<FoundEntry> all = find_farm_changes(farm, changes, lower, form, notes);
  link_changes(all, farm, upper, form);
  std::vector<FoundEntry> kept = all;
  keep_changes(kept, upper, lower, pool, was_fresh);
  Settler(farm, lower, notes).settle(all, kept);
  LayerIndex index = make_index(std::move(kept));
  TreeWriter(upper, form).finish_directories(index);
  return index;
}

}  // namespace cooper::snapshot
