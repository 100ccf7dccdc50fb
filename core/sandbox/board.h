// The builder's side of the board (stub/abi.h): what a tree without mounts cannot say of its files, shared
// with all processes of a step while it runs, and what they made of it afterwards.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "os/fd.h"
#include "sandbox/stub/abi.h"

namespace cooper::sandbox {

// What an inode is to the step where that is not what the disk says. Only set members count.
struct InodeAttributes {
  struct Owner {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
  };
  std::optional<Owner> owner;
  std::optional<std::uint32_t> mode;    // type and 07777
  std::optional<std::uint64_t> device;  // dev_t of a device node
  std::optional<std::uint32_t> links;   // st_nlink
  bool is_private = false;              // several names, all of this tree
  std::map<std::string, std::string> xattrs;
};

// Not for use from several threads, nor while a step runs with it.
class Board {
 public:
  // `inodes`: how many set() calls to expect; a step may add a million more. Throws Error{kIo}.
  Board(stub::Owners owners, std::size_t inodes);
  ~Board();
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  // Replaces what was known of the inode. Throws Error{kUnsupported} for an attribute that is too long.
  void set(std::uint64_t device, std::uint64_t inode, const InodeAttributes& attributes);
  // nullopt: it is what the disk says, and root's where the owners are the table's.
  std::optional<InodeAttributes> find(std::uint64_t device, std::uint64_t inode) const;

  stub::Board& header() { return *board_; }
  const stub::Board& header() const { return *board_; }
  // The memory file, borrowed.
  int fd() const { return file_.get(); }

 private:
  os::Fd file_;
  std::size_t size_ = 0;
  stub::Board* board_ = nullptr;
};

// A path that a step may have changed; relative, as snapshot::Entry has them.
struct Change {
  stub::ChangeKind kind = stub::ChangeKind::kPath;
  std::string path;
};

// The list that a step wrote to its descriptor kChangesFd, sorted by path, each path once (as kTree when it
// was both). A record that is cut or malformed is Error{kCorrupt}: the caller then compares everything.
std::vector<Change> read_changes(const os::Fd& file);

}  // namespace cooper::sandbox
