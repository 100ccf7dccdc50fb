// One trapped system call, and which calls are trapped: the table that the filter is made of and that the
// signal handler looks into.
#pragma once

#include <cstddef>
#include <cstdint>
#include <signal.h>
#include <ucontext.h>

#include "sandbox/stub/abi.h"

namespace cooper::sandbox::stub {

struct Call {
  long number;
  long arguments[6];
  ucontext_t* context;

  int fd(int i) const { return static_cast<int>(arguments[i]); }
  int flags(int i) const { return static_cast<int>(arguments[i]); }
  std::uint32_t word(int i) const { return static_cast<std::uint32_t>(arguments[i]); }
  std::size_t size(int i) const { return static_cast<std::size_t>(arguments[i]); }
  const char* path(int i) const { return pointer<const char>(i); }
  template <typename T>
  T* pointer(int i) const {
    return reinterpret_cast<T*>(arguments[i]);  // NOLINT(performance-no-int-to-ptr): registers hold numbers
  }
};

// Gives the result as the kernel would: negative errno for a failure.
using Handler = long (*)(Call&);

enum class When : std::uint8_t {
  kAlways,
  kTable,      // only where owners are the table's
  kReserved0,  // only when argument 0 is a reserved descriptor
  kReserved1,  // the same for argument 1
  kNotNull1,   // only when argument 1 is not zero
  kNotNull3,   // the same for argument 3
  kNotNull4,
  kNotNull5,
  kEveryone,    // kill(-1, ...)
  kPeerOwner,   // getsockopt(..., SOL_SOCKET, SO_PEERCRED)
  kPrivileges,  // the options of prctl that have to do with who the process is
  kSocket,      // socket() of other families than AF_UNIX
};

struct Row {
  short number;
  When when;
  Handler handler;
};

// Sorted by number.
const Row* rows();
std::size_t row_count();
// nullptr: not trapped
Handler handler_of(long number);

// The call as it is, made by the stub.
long pass(const Call& call);

}  // namespace cooper::sandbox::stub
