#include "sandbox/launcher_process.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <optional>
#include <signal.h>
#include <string>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "sandbox/emulated_launcher.h"
#include "sandbox/init.h"
#include "sandbox/messages.h"
#include "sandbox/seccomp_filter.h"
#include "sandbox/start_init.h"

namespace cooper::sandbox {

namespace {

// Away from the numbers of the standard streams, which a builder started without them may have got.
void move_up(os::Fd& fd) {
  if (!fd.valid()) return;
  const int high = ::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  fd = os::Fd(base::check(high, "duplicate", "a descriptor of the launcher"));
}

// All descriptors from 3 on but these.
void close_others(std::vector<unsigned> keep) {
  std::sort(keep.begin(), keep.end());
  unsigned first = STDERR_FILENO + 1;
  for (const unsigned fd : keep) {
    if (fd > first) ::syscall(SYS_close_range, first, fd - 1, 0);
    first = fd + 1;
  }
  ::syscall(SYS_close_range, first, ~0U, 0);
}

// Leaves nothing of the builder's: its terminal, its descriptors, its standard streams (a pipe held here
// would keep a reader waiting).
void detach_from_builder(os::Fd& control, os::Fd& stub) {
  move_up(control);
  move_up(stub);
  // Ctrl-C goes to the terminal's process group: to the builder, which then cancels its steps in order.
  ::setsid();
  ::prctl(PR_SET_NAME, "cooper-launcher");
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGCHLD, SIG_IGN);  // inits are watched through pidfds, so the kernel may reap them
  const os::Fd null = os::open_file("/dev/null", O_RDWR);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null.get(), stream);
  std::vector<unsigned> keep{static_cast<unsigned>(control.get())};
  if (stub.valid()) keep.push_back(static_cast<unsigned>(stub.get()));
  close_others(std::move(keep));
}

// Steps can read their init's command line, and it is a copy of ours: build arguments and CI tokens must not
// show there. Fields 48 to 51 of /proc/self/stat bound the arguments and the environment (proc(5)); nothing
// here reads either any more.
void erase_arguments() {
  const std::string stat = os::read_file("/proc/self/stat", 1 << 16);
  const auto fields = base::split(stat.substr(stat.rfind(')') + 2), ' ');  // from field 3 on
  constexpr std::size_t kArgumentsStart = 48 - 3;
  if (fields.size() < kArgumentsStart + 4) return;
  ::clearenv();
  for (const std::size_t field : {kArgumentsStart, kArgumentsStart + 2}) {
    const std::uintptr_t start = std::stoull(fields[field]);
    const std::uintptr_t end = std::stoull(fields[field + 1]);
    if (start == 0 || end < start) continue;  // the kernel shows zeroes to those who may not know
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel gives the address as a number
    std::memset(reinterpret_cast<void*>(start), 0, end - start);
  }
}

void start_step(Message request, os::Fd& control, const SeccompFilter& filter) {
  if (request.type != MessageType::kStart || request.fds.size() != 4) return;
  StepFds fds{std::move(request.fds[0]),
              std::move(request.fds[1]),
              std::move(request.fds[2]),
              std::move(request.fds[3]),
              {},
              {}};
  start_init(PidNamespaceOfStep::kNew, fds.socket, [&] {
    control.reset();
    run_init(std::move(fds), filter);
  });
}

void serve(os::Fd& control) {
  const SeccompFilter filter = SeccompFilter::default_profile();
  while (auto request = receive_message(control.get(), true)) {
    start_step(std::move(*request), control, filter);
  }
  // Every init has asked to die with us.
}

}  // namespace

void run_launcher(os::Fd control, Tier tier, os::Fd stub) {
  int code = 0;
  try {
    detach_from_builder(control, stub);
    erase_arguments();
    if (has_stub(tier)) {
      EmulatedLauncher(control, stub, tier).serve();
    } else {
      serve(control);
    }
  } catch (const std::exception&) {
    code = 1;  // the builder sees the socket close, and says that the launcher ended
  }
  ::_exit(code);
}

}  // namespace cooper::sandbox
