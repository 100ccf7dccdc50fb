#include "os/process.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cancellation.h"
#include "base/error.h"
#include "os/fd.h"
#include "os/pidfd.h"
#include "os/spawn.h"

namespace cooper::os {

namespace {

using Clock = std::chrono::steady_clock;

void make_nonblocking(const Fd& fd) {
  ::fcntl(fd.get(), F_SETFL, O_NONBLOCK);
}

class Process {
 public:
  explicit Process(const ProcessOptions& options) : options_(options) { spawn(); }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() {
    if (pid_ > 0) end();
  }

  ProcessResult wait(const std::stop_token& stop) {
    const std::stop_callback wake(stop, [this] { ::eventfd_write(wake_.get(), 1); });
    while (!ended_) {
      base::throw_if_stopped(stop);
      wait_for_event();
      if (deadline_ && Clock::now() >= *deadline_) {
        result_.timed_out = true;
        break;
      }
    }
    // What its last writes left in the pipes; a daemonised grandchild may keep them open, so never wait for
    // the end.
    drain(output_, result_.output);
    drain(errors_, result_.errors);
    end();
    return std::move(result_);
  }

 private:
  void spawn() {
    auto [input_end, input] = make_pipe();
    auto [output, output_end] = make_pipe();
    auto [errors, errors_end] = make_pipe();
    wake_ = Fd(base::check(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "create", "an event descriptor"));
    if (options_.timeout.count() > 0) deadline_ = Clock::now() + options_.timeout;
    pid_ = os::spawn({.argv = options_.argv,
                      .env = options_.env,
                      .cwd = options_.cwd,
                      .input = input_end.get(),
                      .output = output_end.get(),
                      .errors = errors_end.get()});
    pidfd_ = open_pidfd(pid_);
    input_ = std::move(input);
    output_ = std::move(output);
    errors_ = std::move(errors);
    for (const Fd* fd : {&input_, &output_, &errors_}) make_nonblocking(*fd);
    if (options_.input.empty()) input_.reset();
  }

  void wait_for_event() {
    // poll(2) skips negative descriptors, so closed streams need no bookkeeping.
    std::array<pollfd, 5> fds{{{pidfd_.get(), POLLIN, 0},
                               {wake_.get(), POLLIN, 0},
                               {output_.get(), POLLIN, 0},
                               {errors_.get(), POLLIN, 0},
                               {input_.get(), POLLOUT, 0}}};
    int timeout = -1;
    if (deadline_) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - Clock::now()).count();
      timeout = static_cast<int>(std::max<std::int64_t>(0, left));
    }
    if (::poll(fds.data(), fds.size(), timeout) < 0 && errno != EINTR)
      base::throw_errno("wait for", options_.argv[0]);
    if (fds[2].revents != 0) drain(output_, result_.output);
    if (fds[3].revents != 0) drain(errors_, result_.errors);
    if (fds[4].revents != 0) feed();
    ended_ = fds[0].revents != 0;
  }

  void drain(Fd& fd, std::string& into) {
    std::array<char, 16384> buffer{};
    while (fd.valid()) {
      const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
      if (count < 0) return;  // EAGAIN
      if (count == 0) return fd.reset();
      into.append(buffer.data(), static_cast<std::size_t>(count));
      if (into.size() > options_.output_limit) {
        throw base::Error(base::ErrorKind::kCorrupt, "'" + options_.argv[0] + "' wrote more than it may");
      }
    }
  }

  void feed() {
    const std::string_view rest = std::string_view(options_.input).substr(fed_);
    // MSG_NOSIGNAL does not exist for pipes: a program that does not read its input must not end us.
    sigset_t pipe_signal;
    sigset_t before;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    const ssize_t count = ::write(input_.get(), rest.data(), rest.size());
    const bool broken = count < 0 && errno == EPIPE;
    if (broken && sigismember(&before, SIGPIPE) == 0) {
      const timespec now{};
      ::sigtimedwait(&pipe_signal, nullptr, &now);
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (count > 0) fed_ += static_cast<std::size_t>(count);
    if (broken || fed_ == options_.input.size()) input_.reset();
  }

  void end() {
    const int status = kill_and_reap(std::exchange(pid_, -1));
    result_.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    result_.exit_code = WIFSIGNALED(status) ? 128 + result_.signal : WEXITSTATUS(status);
  }

  const ProcessOptions& options_;
  ProcessResult result_;
  pid_t pid_ = -1;
  Fd pidfd_;
  Fd wake_;
  Fd input_;
  Fd output_;
  Fd errors_;
  std::size_t fed_ = 0;
  std::optional<Clock::time_point> deadline_;
  bool ended_ = false;
};

}  // namespace

ProcessResult run_process(const ProcessOptions& options, const std::stop_token& stop) {
  base::throw_if_stopped(stop);
  return Process(options).wait(stop);
}

}  // namespace cooper::os
