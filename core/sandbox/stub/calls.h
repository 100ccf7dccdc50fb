// System calls by number, without a library: the result is the kernel's, negative errno for a failure.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <sys/syscall.h>
#include <type_traits>

#include "sandbox/stub/arch_x86_64.h"

// Newer than the headers of Debian 12.
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#ifndef SYS_setxattrat
#define SYS_setxattrat 463
#define SYS_getxattrat 464
#define SYS_listxattrat 465
#define SYS_removexattrat 466
#endif
#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467
#endif

namespace cooper::sandbox::stub {

template <typename T>
long as_register(T value) {
  if constexpr (std::is_pointer_v<T> || std::is_null_pointer_v<T>) {
    return reinterpret_cast<long>(value);
  } else {
    return static_cast<long>(value);
  }
}

template <typename A = int, typename B = int, typename C = int, typename D = int, typename E = int,
          typename F = int>
long sys(long number, A a = {}, B b = {}, C c = {}, D d = {}, E e = {}, F f = {}) {
  return system_call(number, as_register(a), as_register(b), as_register(c), as_register(d), as_register(e),
                     as_register(f));
}

// Whether an address can be one of the step's at all; what is behind it may still fault, as in any program.
inline bool is_address(const void* pointer) {
  const auto value = reinterpret_cast<std::uint64_t>(pointer);
  return value >= 4096 && value < kAddressEnd;
}

// A mapping, or an error between -4095 and -1.
inline bool is_error(long result) {
  return result < 0 && result >= -4095;
}

// What is at an address that the kernel gave as a number.
template <typename T, typename Number>
T* at_address(Number address) {
  return reinterpret_cast<T*>(address);  // NOLINT(performance-no-int-to-ptr): there is no pointer to keep
}

// Closes at the end of the scope, unless it was only borrowed.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(long fd, bool owned = true) : fd_(static_cast<int>(fd)), owned_(owned && fd >= 0) {}
  ~Descriptor() { reset(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return fd_; }
  bool is_owned() const { return owned_; }
  void set(long fd, bool owned) {
    reset();
    fd_ = static_cast<int>(fd);
    owned_ = owned && fd >= 0;
  }
  int release() {
    owned_ = false;
    return fd_;
  }
  void reset() {
    if (owned_) sys(SYS_close, fd_);
    owned_ = false;
  }

 private:
  int fd_ = -1;
  bool owned_ = false;
};

}  // namespace cooper::sandbox::stub
