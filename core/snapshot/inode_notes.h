// What a tree of ordinary files cannot say of its inodes, kept beside it: for steps without mounts, whose
// stub looks it up at every call that shows it.
#pragma once

#include <cstdint>
#include <string>

#include "snapshot/entry.h"

namespace cooper::snapshot {

class InodeNotes {
 public:
  virtual ~InodeNotes() = default;

  // The inode is to be seen as `entry` says: owner, type, mode, device, capabilities. `links`: the names that
  // it is to be seen with, when there are several. Replaces what was noted before.
  virtual void note(std::uint64_t device, std::uint64_t inode, const Entry& entry, std::uint32_t links) = 0;
  // Layers share inodes, where the disk does not hold owners even those of files of different owners; a
  // step's tree may show one only as the names of one file. False when the inode is another file's already:
  // it has to be copied. From several threads.
  virtual bool claim(std::uint64_t device, std::uint64_t inode, const std::string& file) = 0;
  // Corrects an entry that was read from the disk by what is noted of its inode; false when nothing is: then
  // it is what the disk says, and root's where the disk knows no owners.
  virtual bool correct(std::uint64_t device, std::uint64_t inode, Entry& entry) const = 0;
};

}  // namespace cooper::snapshot
