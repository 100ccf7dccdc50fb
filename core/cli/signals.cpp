#include "cli/signals.h"

#include <array>
#include <cerrno>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/error.h"

namespace cooper::cli {

Signals::Signals() : wake_(::eventfd(0, EFD_CLOEXEC)) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  signals_ = os::Fd(::signalfd(-1, &set, SFD_CLOEXEC));
  base::check(signals_.get(), "wait for", "signals");
  thread_ = std::jthread([this] { wait(); });
}

Signals::~Signals() {
  std::uint64_t one = 1;
  [[maybe_unused]] ssize_t written = ::write(wake_.get(), &one, sizeof one);
}

void Signals::wait() {
  std::array<pollfd, 2> ready = {pollfd{signals_.get(), POLLIN, 0}, pollfd{wake_.get(), POLLIN, 0}};
  while (true) {
    if (::poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) return;
    if ((ready[1].revents & POLLIN) != 0) return;
    signalfd_siginfo info{};
    if ((ready[0].revents & POLLIN) == 0 || ::read(signals_.get(), &info, sizeof info) != sizeof info)
      continue;
    // The user insists: the launcher sees our end and takes the steps with it.
    if (last_ != 0) ::_exit(128 + static_cast<int>(info.ssi_signo));
    last_ = static_cast<int>(info.ssi_signo);
    stop_.request_stop();
  }
}

}  // namespace cooper::cli
