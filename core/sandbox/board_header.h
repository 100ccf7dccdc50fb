// The part of the board that a step's init fills in (stub/abi.h): who runs, and what is bound where.
#pragma once

#include "os/fd.h"
#include "sandbox/bind_table.h"
#include "sandbox/spec.h"
#include "sandbox/stub/abi.h"

namespace cooper::sandbox {

class BoardHeader {
 public:
  // Maps the start of the memory file. Throws Error{kIo}, Error{kInternal} for another version's.
  explicit BoardHeader(const os::Fd& board);
  ~BoardHeader();
  BoardHeader(const BoardHeader&) = delete;
  BoardHeader& operator=(const BoardHeader&) = delete;

  // Throws Error{kUnsupported} for more groups or binds than it holds.
  void describe(const Spec& spec, const BindTable& binds) const;

 private:
  stub::Board* board_ = nullptr;
};

}  // namespace cooper::sandbox
