#include "sandbox/emulated_launcher.h"

#include <array>
#include <cerrno>
#include <poll.h>
#include <set>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "sandbox/emulated_init.h"
#include "sandbox/process_tree.h"
#include "sandbox/start_init.h"

namespace cooper::sandbox {

namespace {

constexpr std::size_t kLeastFds = 5;  // with a board
constexpr std::size_t kMostFds = 6;   // and a list of changes

StepFds take_fds(Message& request) {
  auto& fds = request.fds;
  StepFds result{std::move(fds[0]), std::move(fds[1]), std::move(fds[2]),
                 std::move(fds[3]), std::move(fds[4]), {}};
  if (fds.size() == kMostFds) result.changes = std::move(fds[5]);
  return result;
}

}  // namespace

EmulatedLauncher::EmulatedLauncher(os::Fd& control, os::Fd& stub, Tier tier)
    : control_(control), stub_(stub), tier_(tier), filter_(SeccompFilter::default_profile()) {
  base::check(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "become", "the subreaper");
  // The builder's end is seen on the socket: killed by it, this process could end nobody.
  ::prctl(PR_SET_PDEATHSIG, 0);
  ::signal(SIGCHLD, SIG_DFL);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  ::sigprocmask(SIG_SETMASK, &child, nullptr);
  children_ = os::Fd(base::check(::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK), "watch", "children"));
}

void EmulatedLauncher::serve() {
  while (true) {
    std::array<pollfd, 2> fds{{{children_.get(), POLLIN, 0}, {control_.get(), POLLIN, 0}}};
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) base::throw_errno("wait for", "requests");
    if (fds[0].revents != 0) reap();
    if (fds[1].revents == 0) continue;
    auto request = receive_message(control_.get(), false);
    if (!request && errno == EAGAIN) continue;
    if (!request) break;
    start(std::move(*request));
  }
  end_descendants();
}

void EmulatedLauncher::start(Message request) {
  if (request.type != MessageType::kStart || request.fds.size() < kLeastFds || request.fds.size() > kMostFds)
    return;
  StepFds fds = take_fds(request);
  const auto pids = is_emulated(tier_) ? PidNamespaceOfStep::kOurs : PidNamespaceOfStep::kNew;
  const pid_t pid = start_init(pids, fds.socket, [&] {
    control_.reset();
    running_.clear();
    children_.reset();
    run_emulated_init(std::move(fds), std::move(stub_), tier_, filter_);
  });
  if (pid < 0) return;
  running_[pid] = std::move(fds.socket);
}

void EmulatedLauncher::reap() {
  signalfd_siginfo info{};
  while (::read(children_.get(), &info, sizeof info) > 0) {
  }
  std::vector<os::Fd> ended;
  bool killed = false;
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    const auto init = running_.find(pid);
    if (init == running_.end()) continue;
    ended.push_back(std::move(init->second));
    running_.erase(init);
    killed = killed || WIFSIGNALED(status);
  }
  if (!killed) return;  // an init that ends by itself has ended all else before
  std::set<pid_t> living;
  for (const auto& [pid, socket] : running_) living.insert(pid);
  end_descendants(living);
}

}  // namespace cooper::sandbox
