#include "sandbox/messages.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/text.h"

namespace cooper::sandbox {

namespace {

constexpr std::size_t kMaximumPayload = 16 << 10;
constexpr std::size_t kMaximumFds = 6;

struct alignas(cmsghdr) ControlBuffer {
  std::array<char, CMSG_SPACE(sizeof(int) * kMaximumFds)> bytes{};
};

std::vector<os::Fd> take_fds(msghdr& header) {
  std::vector<os::Fd> fds;
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t index = 0; index < count; ++index) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + index * sizeof(int), sizeof fd);
      fds.emplace_back(fd);
    }
  }
  return fds;
}

}  // namespace

bool send_message(int socket, MessageType type, std::string_view payload, std::span<const int> fds) {
  std::string text(payload.substr(0, kMaximumPayload - 1));
  text.insert(text.begin(), static_cast<char>(type));
  iovec part{.iov_base = text.data(), .iov_len = text.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  ControlBuffer control;
  if (!fds.empty()) {
    header.msg_control = control.bytes.data();
    header.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(rights), fds.data(), fds.size_bytes());
  }
  while (::sendmsg(socket, &header, MSG_NOSIGNAL) < 0) {
    if (errno == EPIPE || errno == ECONNRESET) return false;
    if (errno != EINTR) base::throw_errno("write to", "the sandbox's socket");
  }
  return true;
}

std::optional<Message> receive_message(int socket, bool wait) {
  std::string text(kMaximumPayload, '\0');
  iovec part{.iov_base = text.data(), .iov_len = text.size()};
  ControlBuffer control;
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.bytes.data();
  header.msg_controllen = control.bytes.size();
  ssize_t count;
  do {
    count = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
  } while (count < 0 && errno == EINTR);
  if (count < 0 && errno != EAGAIN && errno != ECONNRESET)
    base::throw_errno("read from", "the sandbox's socket");
  if (count <= 0) return std::nullopt;
  Message message;
  message.type = static_cast<MessageType>(text[0]);
  message.payload = text.substr(1, static_cast<std::size_t>(count) - 1);
  message.fds = take_fds(header);
  return message;
}

// NUL between the fields: paths in messages may hold newlines, but never that.
std::string pack_error(const base::Error& error) {
  return base::join({std::to_string(static_cast<int>(error.kind())), std::to_string(error.errno_value()),
                     error.message(), error.hint()},
                    std::string_view("\0", 1));
}

base::Error unpack_error(const std::string& payload) {
  const auto fields = base::split(payload, '\0');
  if (fields.size() != 4) return {base::ErrorKind::kInternal, "a step failed without saying why"};
  base::Error error(static_cast<base::ErrorKind>(std::stoi(fields[0])), fields[2]);
  error.with_errno(std::stoi(fields[1])).hint(fields[3]);
  return error;
}

std::pair<os::Fd, os::Fd> make_socket_pair() {
  std::array<int, 2> ends{};
  base::check(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), "create",
              "a socket pair");
  return {os::Fd(ends[0]), os::Fd(ends[1])};
}

}  // namespace cooper::sandbox
