#include "os/pidfd.h"

#include <cerrno>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"

namespace cooper::os {

Fd open_pidfd(pid_t pid) {
  return Fd(
      base::check(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)), "open process", std::to_string(pid)));
}

bool signal_pidfd(const Fd& pidfd, int signal) {
  return ::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0) == 0;
}

void wait_pidfd(const Fd& pidfd) {
  pollfd wait{.fd = pidfd.get(), .events = POLLIN, .revents = 0};
  while (::poll(&wait, 1, -1) < 0 && errno == EINTR) {
  }
}

}  // namespace cooper::os
