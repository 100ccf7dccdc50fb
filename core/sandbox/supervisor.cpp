#include "sandbox/supervisor.h"

#include <array>
#include <cerrno>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "sandbox/process_tree.h"

namespace cooper::sandbox {

namespace {

// Never seen by the builder, which is gone, or knows.
constexpr int kGaveUp = 125;

sigset_t supervised_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  sigaddset(&signals, kParentGone);
  return signals;
}

std::int64_t microseconds(const timeval& time) {
  return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_usec;
}

}  // namespace

void block_supervised_signals() {
  const sigset_t signals = supervised_signals();
  ::sigprocmask(SIG_SETMASK, &signals, nullptr);
}

void PidNamespace::signal(int number) {
  ::kill(-1, number);
}

void PidNamespace::end() {
  signal(SIGKILL);
  while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
  }
}

void Descendants::signal(int number) {
  signal_descendants(number);
}

void Descendants::end() {
  end_descendants();
}

Supervisor::Supervisor(pid_t program, const os::Fd& socket, StepProcesses& processes)
    : program_(program), launcher_(::getppid()), socket_(socket), processes_(processes) {
  const sigset_t signals = supervised_signals();
  signals_ = os::Fd(base::check(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK), "watch", "children"));
}

ExitReport Supervisor::wait() {
  while (!reap()) {
    std::array<pollfd, 2> fds{{{signals_.get(), POLLIN, 0}, {socket_.get(), POLLIN, 0}}};
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) base::throw_errno("wait for", "the step");
    if (fds[0].revents != 0) take_signals();
    if (fds[1].revents != 0) obey();
  }
  return finish();
}

// True once the program itself has ended.
bool Supervisor::reap() {
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    if (pid != program_) continue;
    report_.wait_status = status;
    return true;
  }
  return false;
}

void Supervisor::take_signals() {
  signalfd_siginfo info{};
  while (::read(signals_.get(), &info, sizeof info) > 0) {
    // Anybody may send that signal; only one that the kernel sends for the parent's end counts.
    if (info.ssi_signo == kParentGone && ::getppid() != launcher_) give_up();
  }
}

void Supervisor::obey() {
  const auto message = receive_message(socket_.get(), false);
  if (!message && errno == EAGAIN) return;
  if (!message || message->type == MessageType::kKill) give_up();
  if (message->type == MessageType::kTerminate) processes_.signal(SIGTERM);
}

ExitReport Supervisor::finish() {
  processes_.end();
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  report_.peak_memory = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  report_.cpu_time_us = microseconds(usage.ru_utime) + microseconds(usage.ru_stime);
  return report_;
}

void Supervisor::give_up() {
  processes_.end();
  ::_exit(kGaveUp);
}

}  // namespace cooper::sandbox
