#include "snapshot/farm.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>
#include <unordered_map>

#include "base/error.h"
#include "os/fd.h"
#include "snapshot/layer_index.h"
#include "snapshot/tree_writer.h"
#include "snapshot/xattrs.h"

namespace cooper::snapshot {
namespace {

constexpr std::size_t kDirectoriesAtOnce = 4;
constexpr std::array<std::string_view, 3> kSystemPlaces = {"dev", "proc", "sys"};

bool is_device(const Entry& entry) {
  return entry.type == EntryType::kCharDevice || entry.type == EntryType::kBlockDevice;
}

// Whether the inode that `form` makes of an entry does not say all of it.
bool needs_note(const Entry& entry, Form form, std::uint32_t links) {
  if (links > 1 || is_device(entry)) return true;
  if (form != Form::kOwn) return false;
  const bool has_mode = entry.type != EntryType::kSymlink;
  return entry.uid != 0 || entry.gid != 0 || (has_mode && entry.mode != disk_mode(entry, form)) ||
         entry.xattrs.contains(kCapabilityXattr);
}

struct Note {
  struct stat status {};
  Entry entry;
  std::uint32_t links = 1;
};

// What came of one directory.
struct Planted {
  std::vector<Note> notes;
  std::vector<Entry> directories;  // its children, by their paths in the farm
};

class FarmBuilder {
 public:
  FarmBuilder(const MergedView& view, const std::string& source, const std::string& directory, Form form,
              FarmFiles files, InodeNotes& notes, base::ThreadPool& pool)
      : view_(view),
        source_(source),
        directory_(directory),
        form_(form),
        files_(files),
        notes_(notes),
        pool_(pool),
        root_(directory) {
    for (const LayerPtr& layer : view.stack()) {
      trees_.emplace(layer.get(), os::open_file(layer->tree(), O_PATH | O_DIRECTORY));
      for (const Entry& entry : layer->index().entries()) {
        if (entry.type == EntryType::kHardlink) ++further_names_[layer.get()][entry.link_target];
      }
    }
  }

  void build() {
    std::optional<Entry> top = view_.lookup(source_);
    if (!top) throw base::Error(base::ErrorKind::kInternal, fmt::format("no '{}' in the layers", source_));
    if (!top->is_directory()) return plant_file(*top);
    plant_top(*top);
    for (std::vector<std::string> level{source_}; !level.empty();) {
      std::vector<Planted> planted(level.size());
      base::parallel_for(pool_, level.size(), kDirectoriesAtOnce,
                         [&](std::size_t i) { planted[i] = plant_directory(level[i]); });
      level.clear();
      for (Planted& one : planted) {
        keep(one.notes);
        for (Entry& entry : one.directories) {
          level.push_back(join_path(source_, entry.path));
          directories_.push_back(std::move(entry));
        }
      }
    }
    if (source_.empty()) plant_system_places();
    TreeWriter(directory_, form_).finish_directories(LayerIndex(std::move(directories_)));
  }

 private:
  // Its path in the farm.
  std::string place_of(const std::string& path) const {
    return source_.empty() || path.empty() ? path : path.substr(std::min(path.size(), source_.size() + 1));
  }

  void plant_top(Entry top) {
    top.path.clear();
    TreeWriter(directory_, form_).add(top);
    std::vector<Note> notes;
    take_note(root_.fd(), "", top, 1, notes);
    keep(notes);
    directories_.push_back(std::move(top));
  }

  void plant_file(const Entry& file) {
    const std::string parent(parent_path(file.path));
    std::vector<Note> notes;
    for (const LocatedEntry& child : view_.locate(parent)) {
      if (child.entry.path != file.path) continue;
      Entry entry = child.entry;
      entry.path = base_name(file.path);
      TreeWriter writer(directory_, form_);
      plant(child, entry, root_.fd(), writer, notes);
    }
    keep(notes);
  }

  Planted plant_directory(const std::string& path) const {
    Planted planted;
    const std::string place = place_of(path);
    const os::Fd here = root_.open_exact(place.empty() ? "." : place, O_RDONLY | O_DIRECTORY);
    TreeWriter writer(directory_, form_);
    for (LocatedEntry& child : view_.locate(path)) {
      if (source_.empty() && is_system_place(child.entry.path)) continue;
      Entry entry = child.entry;
      entry.path = place_of(entry.path);
      if (entry.is_directory()) {
        entry.opaque = false;
        writer.add(entry);
        take_note(here.get(), std::string(base_name(entry.path)), entry, 1, planted.notes);
        planted.directories.push_back(std::move(entry));
      } else {
        plant(child, entry, here.get(), writer, planted.notes);
      }
    }
    return planted;
  }

  // Anything but a directory: `entry` is `from` by its path in the farm.
  void plant(const LocatedEntry& from, const Entry& entry, int directory, TreeWriter& writer,
             std::vector<Note>& notes) const {
    const std::string name(base_name(entry.path));
    const os::Fd& tree = trees_.at(from.layer);
    if (files_ == FarmFiles::kCopied) {
      copy(from, entry, writer);
    } else if (::linkat(tree.get(), from.entry.path.c_str(), directory, name.c_str(), 0) < 0) {
      // Too many names, or a file system without hard links.
      if (errno != EMLINK && errno != EXDEV && errno != EPERM)
        base::throw_errno("link", fmt::format("{}/{}", directory_, entry.path));
      copy(from, entry, writer);
    }
    if (files_ == FarmFiles::kLinked && !claim(from, directory, name)) {
      base::check(::unlinkat(directory, name.c_str(), 0), "remove", entry.path);
      copy(from, entry, writer);
    }
    const bool linked = files_ == FarmFiles::kLinked;
    take_note(directory, name, entry, linked ? names_of(from) : 1, notes);
  }

  bool claim(const LocatedEntry& from, int directory, const std::string& name) const {
    if (form_ != Form::kOwn) return true;  // only files that look the same share an inode
    struct stat status {};
    base::check(::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW), "examine", from.entry.path);
    if (status.st_nlink <= names_of(from) + 1) return true;
    const std::string& file = from.link_target.empty() ? from.entry.path : from.link_target;
    return notes_.claim(status.st_dev, status.st_ino, from.layer->id() + ":" + file);
  }

  void copy(const LocatedEntry& from, const Entry& entry, TreeWriter& writer) const {
    if (entry.type != EntryType::kFile) return writer.add(entry);
    const os::Fd bytes = from.layer->open_file(from.entry.path);
    const os::Fd file = writer.create_file(entry);
    os::FdSource source(bytes.get(), entry.path);
    os::FdSink sink(file.get(), entry.path);
    base::copy_all(source, sink);
    writer.finish_file(file, entry);
  }

  std::uint32_t names_of(const LocatedEntry& from) const {
    if (from.link_target.empty()) return 1;
    return further_names_.at(from.layer).at(from.link_target) + 1;
  }

  void take_note(int directory, const std::string& name, const Entry& entry, std::uint32_t links,
                 std::vector<Note>& notes) const {
    if (!needs_note(entry, form_, links)) return;
    Note note;
    constexpr int kFlags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
    base::check(::fstatat(directory, name.c_str(), &note.status, kFlags), "examine", entry.path);
    note.entry = entry;
    note.links = links;
    notes.push_back(std::move(note));
  }

  void keep(const std::vector<Note>& notes) {
    for (const Note& note : notes)
      notes_.note(note.status.st_dev, note.status.st_ino, note.entry, note.links);
  }

  void plant_system_places() {
    for (std::string_view place : kSystemPlaces) {
      const std::string name(place);
      base::check(::symlinkat(name.c_str(), root_.fd(), name.c_str()), "create symlink",
                  fmt::format("{}/{}", directory_, name));
    }
  }

  const MergedView& view_;
  std::string source_;
  std::string directory_;
  Form form_;
  FarmFiles files_;
  InodeNotes& notes_;
  base::ThreadPool& pool_;
  os::Root root_;
  std::map<const Layer*, os::Fd> trees_;
  std::map<const Layer*, std::unordered_map<std::string, std::uint32_t>> further_names_;
  std::vector<Entry> directories_;
};

}  // namespace

bool is_system_place(std::string_view path) {
  return std::any_of(kSystemPlaces.begin(), kSystemPlaces.end(),
                     [&](std::string_view place) { return path == place || is_below(path, place); });
}

void build_farm(const MergedView& view, const std::string& source, const std::string& directory, Form form,
                FarmFiles files, InodeNotes& notes, base::ThreadPool& pool) {
  FarmBuilder(view, source, directory, form, files, notes, pool).build();
}

}  // namespace cooper::snapshot
