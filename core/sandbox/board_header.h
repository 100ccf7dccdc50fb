// The part of the board that a step's init fills in (stub/abi.h): who runs, what is bound where, and whose
// the files are that it makes itself.
#pragma once

#include "os/fd.h"
#include "sandbox/bind_table.h"
#include "sandbox/spec.h"
#include "sandbox/stub/abi.h"

namespace cooper::sandbox {

class BoardHeader {
 public:
  // Maps the memory file. Throws Error{kIo}, Error{kInternal} for another version's.
  explicit BoardHeader(const os::Fd& board);
  ~BoardHeader();
  BoardHeader(const BoardHeader&) = delete;
  BoardHeader& operator=(const BoardHeader&) = delete;

  // Throws Error{kUnsupported} for more groups or binds than it holds, or a full table.
  void describe(const Spec& spec, const BindTable& binds) const;

 private:
  void describe_file(const BindTable::MemoryFile& file) const;

  std::size_t size_ = 0;
  stub::Board* board_ = nullptr;
};

}  // namespace cooper::sandbox
