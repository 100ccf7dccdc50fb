#include "sandbox/start_init.h"

#include <cerrno>
#include <csignal>
#include <exception>
#include <sched.h>
#include <span>
#include <sys/syscall.h>

#include "base/error.h"
#include "sandbox/messages.h"

namespace cooper::sandbox {

pid_t start_init(PidNamespaceOfStep pids, const os::Fd& socket, const std::function<void()>& init) {
  const unsigned long flags = CLONE_PIDFD | SIGCHLD | (pids == PidNamespaceOfStep::kNew ? CLONE_NEWPID : 0UL);
  int number = -1;
  // fork(2) with a pidfd. Raw: glibc has no wrapper.
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone, flags, nullptr, &number, nullptr, nullptr));
  if (pid == 0) {
    init();
    std::terminate();  // it has returned, and there is no other way on from here
  }
  if (pid < 0) {
    const auto error = base::os_error(errno, "start", "the step's init");
    send_message(socket.get(), MessageType::kFailed, pack_error(error), {});
    return -1;
  }
  const os::Fd pidfd(number);
  send_message(socket.get(), MessageType::kStarted, {}, std::span(&number, 1));
  return pid;
}

}  // namespace cooper::sandbox
