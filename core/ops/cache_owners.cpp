#include "ops/cache_owners.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "base/error.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "os/file_lock.h"
#include "snapshot/directory_reader.h"
#include "snapshot/parent_directory.h"
#include "snapshot/tree_writer.h"

namespace cooper::ops {
namespace {

using snapshot::Entry;
using snapshot::EntryType;
using snapshot::LayerIndex;

constexpr std::size_t kMaximumFile = std::size_t{1} << 30;  // bytes

std::string place_of(const std::string& directory) {
  return directory + ".owners";
}

bool needs_keeping(const Entry& entry) {
  if (entry.uid != 0 || entry.gid != 0) return true;
  return entry.type != EntryType::kSymlink && entry.mode != snapshot::disk_mode(entry, snapshot::Form::kOwn);
}

// A file's further names are files to whoever looks them up.
Entry as_found(Entry entry) {
  if (entry.type == EntryType::kHardlink) entry.type = EntryType::kFile;
  entry.link_target = entry.type == EntryType::kSymlink ? entry.link_target : "";
  return entry;
}

}  // namespace

std::optional<LayerIndex> read_cache_owners(const std::string& directory) {
  const std::string place = place_of(directory);
  if (::access(place.c_str(), F_OK) != 0) return std::nullopt;
  try {
    return LayerIndex::parse(os::read_file(place, kMaximumFile));
  } catch (base::Error& error) {
    throw error.context("owners of a cache mount, '" + place + "'")
        .hint("remove the mount's directory beside it, or that file: then all is root's");
  }
}

void write_cache_owners(const std::string& directory, const LayerIndex& index) {
  std::vector<Entry> kept;
  for (const Entry& entry : index.entries()) {
    if (needs_keeping(entry)) kept.push_back(as_found(entry));
  }
  os::write_file_atomically(place_of(directory), LayerIndex(std::move(kept)).serialize());
}

void note_cache_owners(const std::string& directory, snapshot::InodeNotes& notes) {
  const std::optional<LayerIndex> known = read_cache_owners(directory);
  if (!known) return;
  snapshot::ParentDirectory places(directory);
  for (const Entry& entry : known->entries()) {
    struct stat status {};
    try {
      const std::string name(snapshot::base_name(entry.path));
      const int parent = places.parent_of(entry.path).get();
      if (::fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) < 0) continue;
    } catch (const base::Error&) {
      continue;  // the directory is gone, or something else is in its place
    }
    const bool is_same = entry.is_directory() == S_ISDIR(status.st_mode) &&
                         (entry.type == EntryType::kSymlink) == S_ISLNK(status.st_mode);
    if (is_same) notes.note(status.st_dev, status.st_ino, entry, 1);
  }
}

void keep_cache_owners(const std::string& directory, const snapshot::InodeNotes& notes,
                       base::ThreadPool& pool) {
  const snapshot::DirectoryReader reader(directory, snapshot::DirectoryReader::Kind::kFarm,
                                         snapshot::Form::kOwn,
                                         [](const std::string&) { return std::nullopt; });
  const auto lock = os::FileLock::acquire(place_of(directory) + ".lock", os::LockMode::kExclusive);
  const std::optional<LayerIndex> known = read_cache_owners(directory);
  std::vector<Entry> entries;
  for (snapshot::FoundEntry& found : reader.read_all(pool)) {
    Entry entry = found.entry;
    const bool noted = notes.correct(found.device, found.inode, entry);
    const Entry* before = known ? known->find(entry.path) : nullptr;
    const bool only_others_know = !noted && before != nullptr && before->type == entry.type;
    if (only_others_know) entry = *before;
    entries.push_back(std::move(entry));
  }
  write_cache_owners(directory, LayerIndex(std::move(entries)));
}

}  // namespace cooper::ops
