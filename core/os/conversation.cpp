#include "os/conversation.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <utility>

#include "base/cancellation.h"
#include "base/error.h"
#include "os/spawn.h"

namespace cooper::os {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMostErrors = 16 << 10;

struct AddressesRelease {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, AddressesRelease>;

base::Error peer_error(const std::string& what, const std::string& peer, int number) {
  return base::os_error(number, what, peer).retryable();
}

// Waits for `events` on `fd` (and for input on `other`, if it is one); false after `timeout` (0: none).
bool poll_until(int fd, short events, int other, milliseconds timeout, const std::stop_token& stop) {
  const Fd wake(base::check(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "create", "an event descriptor"));
  const std::stop_callback on_stop(stop, [&] { ::eventfd_write(wake.get(), 1); });
  // poll(2) skips negative descriptors.
  std::array<pollfd, 3> fds{{{fd, events, 0}, {other, POLLIN, 0}, {wake.get(), POLLIN, 0}}};
  const int limit = timeout.count() == 0 ? -1 : static_cast<int>(timeout.count());
  int ready = 0;
  while ((ready = ::poll(fds.data(), fds.size(), limit)) < 0) {
    if (errno != EINTR) base::throw_errno("wait for", "a socket");
  }
  base::throw_if_stopped(stop);
  return ready > 0;
}

Addresses look_up(const std::string& host, std::uint16_t port, const std::string& peer) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);
  if (code == 0) return Addresses(found);
  throw base::Error(base::ErrorKind::kIo, "cannot look up '" + peer + "': " + ::gai_strerror(code))
      .retryable(code == EAI_AGAIN);
}

// The errno of why `address` cannot be connected to; 0 when `socket` is connected to it.
int connect_to(const addrinfo& address, Fd& socket, milliseconds timeout, const std::stop_token& stop) {
  socket = Fd(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid()) return errno;
  if (::connect(socket.get(), address.ai_addr, address.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  if (!poll_until(socket.get(), POLLOUT, -1, timeout, stop)) return ETIMEDOUT;
  int number = 0;
  socklen_t size = sizeof number;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &number, &size);
  return number;
}

}  // namespace

Conversation Conversation::with_program(const std::vector<std::string>& argv, std::vector<std::string> env) {
  // One socket for both ways: unlike a pipe it can be written without the danger of SIGPIPE.
  std::array<int, 2> pair{};
  base::check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), "create", "a socket");
  Conversation conversation(argv[0], Fd(pair[0]));
  const Fd theirs(pair[1]);
  auto [errors, errors_end] = make_pipe();
  ::fcntl(pair[0], F_SETFL, O_NONBLOCK);
  ::fcntl(errors.get(), F_SETFL, O_NONBLOCK);
  conversation.pid_ = spawn({.argv = argv,
                             .env = std::move(env),
                             .cwd = "",
                             .input = theirs.get(),
                             .output = theirs.get(),
                             .errors = errors_end.get()});
  conversation.errors_ = std::move(errors);
  return conversation;
}

Conversation Conversation::with_host(const std::string& host, std::uint16_t port, milliseconds timeout,
                                     const std::stop_token& stop) {
  const std::string peer = host + ":" + std::to_string(port);
  const Addresses addresses = look_up(host, port, peer);
  int number = EHOSTUNREACH;
  for (const addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) {
    Fd socket;
    number = connect_to(*address, socket, timeout, stop);
    if (number == 0) return {peer, std::move(socket)};
  }
  throw peer_error("connect to", peer, number);
}

Conversation::Conversation(Conversation&& other) noexcept
    : peer_(std::move(other.peer_)),
      socket_(std::move(other.socket_)),
      errors_(std::move(other.errors_)),
      error_text_(std::move(other.error_text_)),
      pid_(std::exchange(other.pid_, -1)),
      stall_timeout_(other.stall_timeout_) {}

Conversation::~Conversation() {
  if (pid_ > 0) kill_and_reap(pid_);
}

std::size_t Conversation::read(base::MutableByteSpan buffer, const std::stop_token& stop) {
  while (true) {
    const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (count >= 0) {
      // What a program says at its end it said before the end was seen here.
      if (count == 0) drain_errors();
      return static_cast<std::size_t>(count);
    }
    if (errno == ECONNRESET && pid_ > 0) return 0;  // the program ended with bytes of ours unread
    if (errno == EAGAIN) {
      wait(POLLIN, stop);
    } else if (errno != EINTR) {
      throw peer_error("read from", peer_, errno);
    }
  }
}

void Conversation::write(base::ByteSpan data, const std::stop_token& stop) {
  while (!data.empty()) {
    const ssize_t count = ::send(socket_.get(), data.data(), data.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      data = data.subspan(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      wait(POLLOUT, stop);
    } else if (errno != EINTR) {
      const int number = errno;
      drain_errors();
      throw peer_error("write to", peer_, number);
    }
  }
}

void Conversation::wait(short events, const std::stop_token& stop) {
  if (!poll_until(socket_.get(), events, errors_.get(), stall_timeout_, stop)) {
    throw peer_error("talk to", peer_, ETIMEDOUT);
  }
  drain_errors();
}

// Reads all of it, so that the program never waits for us, and keeps the beginning.
void Conversation::drain_errors() {
  std::array<char, 4096> buffer{};
  while (errors_.valid()) {
    const ssize_t count = ::read(errors_.get(), buffer.data(), buffer.size());
    if (count < 0) return;  // EAGAIN
    if (count == 0) return errors_.reset();
    const std::size_t room = kMostErrors - error_text_.size();
    error_text_.append(buffer.data(), std::min(static_cast<std::size_t>(count), room));
  }
}

}  // namespace cooper::os
