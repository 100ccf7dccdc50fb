#include "sandbox/step.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cancellation.h"
#include "os/pidfd.h"
#include "sandbox/mount_point.h"

namespace cooper::sandbox {

namespace {

constexpr auto kGrace = std::chrono::seconds(2);  // from TERM to KILL
// Then an init that was asked to kill is taken for stopped by its own step.
constexpr auto kPatience = std::chrono::seconds(2);

// In memory, not in a pipe or a file: it holds secrets, and may be larger than a datagram.
os::Fd write_spec(const Spec& spec) {
  os::Fd file(base::check(::memfd_create("cooper-step", MFD_CLOEXEC), "create", "a memory file"));
  const std::string bytes = spec.serialize();
  os::FdSink(file.get(), "a memory file").write(std::as_bytes(std::span(bytes)));
  return file;
}

// The descriptors of a request, in MessageType::kStart's order.
std::vector<int> request_fds(const Spec& spec, const os::Fd& file, const os::Fd& output, const os::Fd& errors,
                             const os::Fd& socket) {
  std::vector<int> fds{file.get(), output.get(), errors.get(), socket.get()};
  const auto* farm = std::get_if<FarmRoot>(&spec.root);
  if (farm == nullptr) return fds;
  fds.push_back(farm->board);
  if (farm->changes >= 0) fds.push_back(farm->changes);
  return fds;
}

base::Error launcher_gone() {
  return base::Error(base::ErrorKind::kIo, "the sandbox launcher has ended")
      .hint("see whether the machine ran out of memory, and build again");
}

}  // namespace

Step::Step(int control, const Spec& spec)
    : wake_(base::check(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "create", "an event")) {
  if (const auto* layers = std::get_if<OverlayRoot>(&spec.root)) upper_ = layers->upper;
  emulated_ = std::holds_alternative<FarmRoot>(spec.root);
  auto [output, output_end] = os::make_pipe();
  auto [errors, errors_end] = os::make_pipe();
  auto [socket, socket_end] = make_socket_pair();
  const os::Fd file = write_spec(spec);
  const auto fds = request_fds(spec, file, output_end, errors_end, socket_end);
  if (!send_message(control, MessageType::kStart, {}, fds)) throw launcher_gone();
  output_ = std::move(output);
  errors_ = std::move(errors);
  socket_ = std::move(socket);
  // Only our ends: descriptions are not shared between the ends of a pipe, so the step's writes still block.
  for (const os::Fd* fd : {&output_, &errors_}) ::fcntl(fd->get(), F_SETFL, O_NONBLOCK);
  if (spec.timeout_ms > 0) deadline_ = Clock::now() + std::chrono::milliseconds(spec.timeout_ms);
}

Step::~Step() {
  try {
    const Output nobody = [](int, base::ByteSpan) {};
    // What a step prints may come before the launcher has said which process it is.
    deadline_.reset();
    while (!gone_ && !pidfd_.valid()) wait_for_event(nobody);
    if (gone_) return;
    kill();
    if (!emulated_) {
      os::wait_pidfd(pidfd_);
      return;
    }
    while (!gone_) {
      wait_for_event(nobody);
      handle_stop({});
    }
  } catch (const base::Error&) {
    // Closing the socket ends the init as well, only later.
  }
}

ExitStatus Step::run(const Output& output, const std::stop_token& stop) {
  const std::stop_callback wake(stop, [this] { ::eventfd_write(wake_.get(), 1); });
  while (!gone_) {
    wait_for_event(output);
    handle_stop(stop);
  }
  drain(output_, STDOUT_FILENO, output);
  drain(errors_, STDERR_FILENO, output);
  read_messages();
  if (!upper_.empty()) remove_stubs(upper_, stubs_);
  base::throw_if_stopped(stop);
  return status();
}

void Step::wait_for_event(const Output& output) {
  // poll(2) skips negative descriptors.
  std::array<pollfd, 5> fds{{{output_.get(), POLLIN, 0},
                             {errors_.get(), POLLIN, 0},
                             {socket_.get(), POLLIN, 0},
                             {emulated_ ? -1 : pidfd_.get(), POLLIN, 0},
                             {wake_.get(), POLLIN, 0}}};
  int timeout = -1;
  if (deadline_) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - Clock::now()).count();
    timeout = static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000'000));
  }
  if (::poll(fds.data(), fds.size(), timeout) < 0 && errno != EINTR) base::throw_errno("wait for", "a step");
  if (fds[0].revents != 0) forward(output_, STDOUT_FILENO, output);
  if (fds[1].revents != 0) forward(errors_, STDERR_FILENO, output);
  if (fds[2].revents != 0) read_messages();
  if (fds[3].revents != 0) gone_ = true;
}

void Step::handle_stop(const std::stop_token& stop) {
  const bool late = deadline_ && Clock::now() >= *deadline_;
  if (phase_ == Phase::kRunning && (late || stop.stop_requested())) {
    timed_out_ = late;
    eventfd_t count = 0;
    ::eventfd_read(wake_.get(), &count);
    send_message(socket_.get(), MessageType::kTerminate, {}, {});
    phase_ = Phase::kTerminating;
    deadline_ = Clock::now() + kGrace;
  } else if (phase_ == Phase::kTerminating && late && pidfd_.valid()) {
    kill();
  } else if (phase_ == Phase::kKilled && late) {
    os::signal_pidfd(pidfd_, SIGKILL);  // the launcher ends what it leaves
    phase_ = Phase::kAbandoned;
    deadline_.reset();
  }
}

void Step::kill() {
  phase_ = Phase::kKilled;
  deadline_.reset();
  if (!emulated_) {
    os::signal_pidfd(pidfd_, SIGKILL);
    return;
  }
  if (socket_.valid()) send_message(socket_.get(), MessageType::kKill, {}, {});
  deadline_ = Clock::now() + kPatience;
}

bool Step::forward(os::Fd& pipe, int stream, const Output& output) {
  std::array<std::byte, 65536> buffer;
  if (!pipe.valid()) return false;
  const ssize_t count = ::read(pipe.get(), buffer.data(), buffer.size());
  if (count == 0) pipe.reset();
  if (count <= 0) return false;  // the end, or EAGAIN: all of it was read
  output(stream, base::ByteSpan(buffer.data(), static_cast<std::size_t>(count)));
  return true;
}

// What the last writes left in the pipe. Not to its end: a step may have passed its descriptor to somebody
// who still writes.
void Step::drain(os::Fd& pipe, int stream, const Output& output) {
  constexpr int kMaximumReads = 64;  // 4 MiB, more than a pipe holds
  for (int reads = 0; reads < kMaximumReads && forward(pipe, stream, output); ++reads) {
  }
}

void Step::read_messages() {
  while (socket_.valid()) {
    errno = 0;
    auto message = receive_message(socket_.get(), false);
    if (!message && errno == EAGAIN) return;
    if (!message) return end_it();
    take(std::move(*message));
  }
}

void Step::take(Message message) {
  switch (message.type) {
    case MessageType::kStarted:
      if (!message.fds.empty()) pidfd_ = std::move(message.fds[0]);
      break;
    case MessageType::kStub:
      stubs_.push_back(std::move(message.payload));
      break;
    case MessageType::kFailed:
      if (!failure_) failure_ = unpack_error(message.payload);
      break;
    case MessageType::kExited:
      if (message.payload.size() == sizeof(ExitReport)) {
        std::memcpy(&report_.emplace(), message.payload.data(), sizeof(ExitReport));
      }
      break;
    case MessageType::kStart:
    case MessageType::kTerminate:
    case MessageType::kKill:
      break;  // only ever sent the other way
  }
}

// The socket's other ends are closed. That is no end yet where there is an init: its pidfd says when all is
// gone.
void Step::end_it() {
  socket_.reset();
  if (pidfd_.valid() && !emulated_) return;
  gone_ = true;
  if (!pidfd_.valid() && !failure_) failure_ = launcher_gone();
}

ExitStatus Step::status() const {
  if (failure_) throw *failure_;
  ExitStatus status;
  status.timed_out = timed_out_;
  if (!report_) {
    if (phase_ != Phase::kKilled && phase_ != Phase::kAbandoned) {
      throw base::Error(base::ErrorKind::kIo, "the step was killed from outside")
          .hint("see whether the machine or the container ran out of memory");
    }
    status.signal = SIGKILL;
    status.code = 128 + SIGKILL;
    return status;
  }
  status.signal = WIFSIGNALED(report_->wait_status) ? WTERMSIG(report_->wait_status) : 0;
  status.code = status.signal != 0 ? 128 + status.signal : WEXITSTATUS(report_->wait_status);
  status.peak_memory = report_->peak_memory;
  status.cpu_time_us = report_->cpu_time_us;
  return status;
}

}  // namespace cooper::sandbox
