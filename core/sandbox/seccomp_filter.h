// The system call filter of RUN steps: what Docker's default profile allows to a container with Docker's
// default capabilities.
//
// The BPF program is built once from a table of names (seccomp_table.cpp) and installed raw in every step:
// going through libseccomp in each would cost more than the rest of the step's start. Calls outside the table
// fail with EPERM; calls newer than the table with ENOSYS, so that a libc falls back to the older call
// instead of giving up.
#pragma once

#include <linux/filter.h>
#include <vector>

namespace cooper::sandbox {

class SeccompFilter {
 public:
  // The default profile for this machine's architecture (and its 32-bit kin).
  static SeccompFilter default_profile();

  // Installs the filter in this process, which must have CAP_SYS_ADMIN (no_new_privs stays off: sudo and
  // setuid programs work in steps) or no_new_privs. Throws Error{kIo}.
  void install() const;

  const std::vector<sock_filter>& program() const { return program_; }

 private:
  std::vector<sock_filter> program_;
};

// Whether this process has a filter already, such as a container's. Throws Error{kIo}.
bool is_filtered();

}  // namespace cooper::sandbox
