// Puts entries of a layer on disk, as far as the form can hold them.
//
// Works relative to descriptors of parent directories that are opened without following any symlink, so
// nothing is ever written through one; a few descriptors are kept, because archives come in directory order.
// Directories that entries only imply are made with mode 0755. Not thread-safe; several writers may share a
// tree when they write different paths.
//
// Overlay's format (mount option userxattr) is used for whiteouts (character device 0:0) and opaque
// directories (user.overlay.opaque), so that a tree can be mounted as it is.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "os/beneath.h"
#include "os/fd.h"
#include "snapshot/form.h"
#include "snapshot/layer_index.h"
#include "snapshot/owners.h"

namespace cooper::snapshot {

// The mode that a file or directory gets on disk: kOwn keeps it accessible to us, who are its owner.
std::uint32_t disk_mode(const Entry& entry, Form form);

class TreeWriter {
 public:
  TreeWriter(const std::string& tree, Form form);

  // A new empty file, open for writing; complete it with finish_file(). Throws Error{kIo}, also when the path
  // exists.
  os::Fd create_file(const Entry& entry);
  // Makes the file as another name of `source`, a file of another layer with the same xattrs; false, with
  // nothing done, when its owner, mode or times differ from the entry's, or the two cannot be linked.
  bool share_file(const os::Fd& source, const Entry& entry);
  // Sets owner, mode, xattrs and times.
  void finish_file(const os::Fd& file, const Entry& entry);
  // Everything but a kFile. A directory may exist already and gets the entry's attributes.
  void add(const Entry& entry);
  // Makes what is missing of `index` and corrects the attributes of what is there. Files must be there with
  // their size, else Error{kInternal}; one that shares its inode with another layer is copied before its
  // attributes are changed. Files that are known to be finished are not looked at.
  void adopt(const LayerIndex& index, bool files_finished = false);
  // Removes a path with all below it; a missing one is fine.
  void remove(const std::string& path);
  // Sets the times of directories, last of all, because every child that is added changes them.
  void finish_directories(const LayerIndex& index);

 private:
  using Directory = std::shared_ptr<os::Fd>;

  Directory directory(std::string_view path);
  Directory parent(const Entry& entry) { return directory(parent_path(entry.path)); }
  Directory remember(std::string_view path, os::Fd fd);
  std::string name_of(const Entry& entry) const;
  std::string shown(std::string_view path) const;
  bool exists(const Entry& entry);
  void adopt_file(const Entry& entry, bool has_own_links);
  void unshare_file(int parent, const Entry& entry);

  void make_directory(const Entry& entry);
  void make_whiteout(const Entry& entry);
  void make_device(const Entry& entry);
  void set_attributes(int parent, const Entry& entry);
  void set_owner_and_mode(int at, const std::string& name, const Entry& entry);
  void set_xattrs(int file, const Entry& entry);

  std::string tree_;
  Form form_;
  Owners owners_;
  os::Root root_;
  std::vector<std::pair<std::string, Directory>> recent_;  // most recently used first
};

}  // namespace cooper::snapshot
