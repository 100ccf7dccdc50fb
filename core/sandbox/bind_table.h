// What a step without mounts sees in place of its root's files: the stub's binds (stub/abi.h), made from the
// Spec's mounts, and the descriptors of their sources.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "os/fd.h"
#include "sandbox/spec.h"
#include "sandbox/stub/abi.h"

namespace cooper::sandbox {

// `path` with one slash before each name and none at the end, "/" for the root; "." and empty names go, ".."
// takes the name before it away.
std::string normal_path(const std::string& path);
// Whether `path` is `directory` or beneath it; both normal.
bool is_beneath(const std::string& path, const std::string& directory);

class BindTable {
 public:
  struct Entry {
    std::string target;       // normal
    std::size_t source = 0;   // index into sources()
    std::uint32_t flags = 0;  // stub::Bind::Flags
  };

  // `farm`'s scratch directory must be empty, and gets the directories that belong to no other place. Throws
  // Error{kIo}.
  explicit BindTable(const FarmRoot& farm);

  // /proc, /sys, and a /dev with what Docker's has.
  void add_system_directories();
  // A later mount hides what is at its target or beneath. Throws Error naming the target.
  void add(const MountOp& mount);

  // Longest targets first, so that the first whose target is a prefix of a path is the one that counts.
  std::vector<Entry> entries() const;
  // The bind that `path` (normal) lies in, and the rest of the path beneath its target, without leading
  // slash.
  struct Match {
    const Entry* entry = nullptr;
    std::string rest;
  };
  std::optional<Match> find(const std::string& path) const;
  // What a bind shows (O_PATH). Throws Error{kIo}.
  os::Fd open(const Entry& entry, const std::string& rest = "") const;
  const os::Fd& source(const Entry& entry) const { return sources_[entry.source]; }

  // Files of the binds that are not quite what their inodes say: in memory they have no name, and perhaps
  // another owner.
  struct MemoryFile {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
  };
  const std::vector<MemoryFile>& memory_files() const { return memory_files_; }

  // Writes the binds to a board; the source of entries()[i] is to have the number stub::kFirstBindFd + i.
  // Throws Error{kUnsupported} for too many binds, or too long a target.
  void publish(stub::Board& board) const;

 private:
  std::size_t add_source(os::Fd source);
  void bind(const std::string& target, std::size_t source, std::uint32_t flags);
  void bind_once(const std::string& target, std::size_t source, std::uint32_t flags);
  void leave_mark(const std::string& target);
  std::string make_scratch(std::uint32_t mode);
  void add_devices();
  void add_mount(const BindMount& mount);
  void add_mount(const OverlayMount& mount);
  void add_mount(const TmpfsMount& mount);
  void add_mount(const FileMount& mount);

  const FarmRoot& farm_;
  int scratch_count_ = 0;
  std::vector<os::Fd> sources_;
  // Of the sources that lie in the scratch directory: their paths outside; else "".
  std::vector<std::string> scratch_paths_;
  std::vector<Entry> entries_;
  std::vector<MemoryFile> memory_files_;
};

}  // namespace cooper::sandbox
