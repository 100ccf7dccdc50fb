// Reads directories that steps wrote to as entries of a layer: overlay's upper directories, and those of
// cache mounts.
//
// What the form cannot keep on disk (owners, device nodes, capabilities) comes from what is known of the same
// path. No process may be writing meanwhile.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "os/beneath.h"
#include "snapshot/form.h"
#include "snapshot/layer_index.h"
#include "snapshot/owners.h"

struct stat;

namespace cooper::snapshot {

struct FoundEntry {
  Entry entry;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t links = 0;          // names of the inode, wherever they are
  std::int64_t status_changed = 0;  // nanoseconds since the epoch
  std::int64_t accessed = 0;        // seconds since the epoch
};

class DirectoryReader {
 public:
  // What is known of a path: of lower layers, or from an earlier look. From several threads.
  using Known = std::function<std::optional<Entry>(const std::string& path)>;
  // An upper directory has overlay's marks, and its sockets are removed, as no layer can hold them; elsewhere
  // they are passed over. Of a farm (farm.h) each entry is what the disk says.
  enum class Kind { kUpper, kPlain, kFarm };

  DirectoryReader(const std::string& directory, Kind kind, Form form, Known known);

  // All that lies below, sorted by path_less. Throws Error{kIo}.
  std::vector<FoundEntry> read_all(base::ThreadPool& pool) const;
  // The one called `name` in the open directory `parent`; `path` is its path. Throws Error{kIo}.
  FoundEntry read_entry(int parent, const std::string& name, std::string path,
                        const struct stat& status) const;

 private:
  std::vector<FoundEntry> read_directory(const std::string& path) const;
  bool passes_over(int parent, const std::string& name, const std::string& path,
                   const struct stat& status) const;
  std::string read_link(int parent, const std::string& name, const std::string& path) const;
  void read_attributes(int parent, const std::string& name, Entry& entry) const;
  void restore_from_known(Entry& entry) const;
  std::string shown(std::string_view path) const;

  std::string directory_;
  Kind kind_;
  Form form_;
  Known known_;
  Owners owners_;
  os::Root root_;
};

// The index of what was found; the first name of an inode in path order is the file, the others are hardlinks
// to it.
LayerIndex make_index(std::vector<FoundEntry> found);

}  // namespace cooper::snapshot
