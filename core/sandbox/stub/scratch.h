// Room for paths off the stack: the handler runs on whatever small stack the step gave to its signals.
#pragma once

#include <cstddef>

#include "sandbox/stub/text.h"

namespace cooper::sandbox::stub {

// A buffer of kPathSize bytes out of a pool of the process; from the kernel when the pool is empty.
class PathBuffer {
 public:
  PathBuffer();
  ~PathBuffer();
  PathBuffer(const PathBuffer&) = delete;
  PathBuffer& operator=(const PathBuffer&) = delete;

  char* get() const { return memory_; }
  operator char*() const { return memory_; }  // NOLINT(google-explicit-constructor): it stands for an array

 private:
  char* memory_;
  int slot_;
};

}  // namespace cooper::sandbox::stub
