// What a farm has to say of its inodes, written on a step's board (sandbox/board.h).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "base/guarded.h"
#include "sandbox/board.h"
#include "snapshot/inode_notes.h"

namespace cooper::ops {

class BoardNotes final : public snapshot::InodeNotes {
 public:
  // `board` is borrowed.
  explicit BoardNotes(sandbox::Board& board) : board_(board) {}

  void note(std::uint64_t device, std::uint64_t inode, const snapshot::Entry& entry,
            std::uint32_t links) override;
  bool claim(std::uint64_t device, std::uint64_t inode, const std::string& file) override;
  bool correct(std::uint64_t device, std::uint64_t inode, snapshot::Entry& entry) const override;

 private:
  bool keeps_owners() const;

  sandbox::Board& board_;
  base::Guarded<std::map<std::pair<std::uint64_t, std::uint64_t>, std::string>>
      files_;  // by device and inode
};

}  // namespace cooper::ops
