#include "ops/agent_forward.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <list>
#include <poll.h>
#include <stop_token>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "base/error.h"
#include "os/fd.h"

namespace cooper::ops {
namespace {

constexpr std::size_t kMostConnections = 64;
constexpr std::uint32_t kLongestMessage = 256 << 10;  // OpenSSH's own limit
constexpr char kFailure = 5;
constexpr char kRequestIdentities = 11;
constexpr char kSignRequest = 13;
constexpr const char* kName = "agent";

// Through the directory's descriptor, as an address holds 107 bytes and a store's path may be longer.
sockaddr_un address_in(const os::Fd& directory, std::string_view name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string path = fmt::format("/proc/self/fd/{}/{}", directory.get(), name);
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

const sockaddr* as_address(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

os::Fd new_socket() {
  return os::Fd(base::check(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "open", "a socket"));
}

os::Fd listen_in(const os::Fd& directory, const AgentForward::Access& access) {
  os::Fd listener = new_socket();
  sockaddr_un address = address_in(directory, kName);
  base::check(::bind(listener.get(), as_address(address), sizeof address), "bind", "an ssh agent's socket");
  // An id that is not mapped, or a tier that cannot give files away: the step then is whoever we are.
  if (::fchownat(directory.get(), kName, access.uid, access.gid, 0) < 0 && errno != EINVAL && errno != EPERM)
    base::throw_errno("chown", "an ssh agent's socket");
  base::check(::fchmodat(directory.get(), kName, access.mode, 0), "set the mode of", "an ssh agent's socket");
  base::check(::listen(listener.get(), SOMAXCONN), "listen on", "an ssh agent's socket");
  return listener;
}

}  // namespace

// One thread for all conversations of a step: an agent answers one at a time anyway.
class AgentForward::Server {
 public:
  Server(std::string agent, os::Fd listener)
      : agent_(std::move(agent)),
        listener_(std::move(listener)),
        wake_(base::check(::eventfd(0, EFD_CLOEXEC), "create", "an event descriptor")),
        thread_([this](const std::stop_token& stop) {
          std::stop_callback on_stop(stop, [this] { ::eventfd_write(wake_.get(), 1); });
          serve(stop);
        }) {}

 private:
  struct Connection {
    os::Fd client;
    os::Fd agent;
  };

  void serve(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::vector<pollfd> fds = {{wake_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
      for (const Connection& connection : connections_) fds.push_back({connection.client.get(), POLLIN, 0});
      if (::poll(fds.data(), fds.size(), -1) < 0) continue;
      auto connection = connections_.begin();
      for (std::size_t i = 2; i < fds.size(); ++i) {
        bool ended = fds[i].revents != 0 && !answer(*connection, stop);
        connection = ended ? connections_.erase(connection) : std::next(connection);
      }
      if (fds[1].revents != 0) accept_one();
    }
  }

  void accept_one() {
    os::Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client.valid() || connections_.size() >= kMostConnections) return;
    os::Fd agent = connect_to_agent();
    if (agent.valid()) connections_.push_back({std::move(client), std::move(agent)});
  }

  // Invalid when there is no agent any more: the step sees its connection close, as ssh expects.
  os::Fd connect_to_agent() const {
    std::size_t slash = agent_.rfind('/');
    std::string above = slash == std::string::npos ? "." : agent_.substr(0, slash + 1);
    os::Fd directory(::open(above.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!directory.valid()) return {};
    sockaddr_un address = address_in(directory, agent_.substr(slash + 1));
    os::Fd agent(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(agent.get(), as_address(address), sizeof address) < 0) return {};
    return agent;
  }

  // One request and its reply; false when the conversation is over.
  bool answer(const Connection& connection, const std::stop_token& stop) {
    std::string request;
    if (!receive(connection.client, request, stop)) return false;
    char type = request.size() > 4 ? request[4] : '\0';
    if (type != kRequestIdentities && type != kSignRequest) {
      const std::array<char, 5> refusal = {0, 0, 0, 1, kFailure};
      return send(connection.client, {refusal.data(), refusal.size()}, stop);
    }
    std::string reply;
    return send(connection.agent, request, stop) && receive(connection.agent, reply, stop) &&
           send(connection.client, reply, stop);
  }

  // A message with its length in front.
  bool receive(const os::Fd& from, std::string& message, const std::stop_token& stop) {
    message.assign(4, '\0');
    if (!read_full(from, message.data(), 4, stop)) return false;
    std::uint32_t length = 0;
    for (char byte : message) length = length << 8 | static_cast<unsigned char>(byte);
    if (length == 0 || length > kLongestMessage) return false;
    message.resize(4 + length);
    return read_full(from, message.data() + 4, length, stop);
  }

  bool read_full(const os::Fd& from, char* to, std::size_t size, const std::stop_token& stop) {
    while (size > 0) {
      ssize_t count = ::recv(from.get(), to, size, MSG_DONTWAIT);
      if (count < 0 && errno == EAGAIN && wait(from, POLLIN, stop)) continue;
      if (count <= 0) return false;
      to += count;
      size -= static_cast<std::size_t>(count);
    }
    return true;
  }

  bool send(const os::Fd& to, std::string_view message, const std::stop_token& stop) {
    while (!message.empty()) {
      ssize_t count = ::send(to.get(), message.data(), message.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (count < 0 && errno == EAGAIN && wait(to, POLLOUT, stop)) continue;
      if (count <= 0) return false;
      message.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  bool wait(const os::Fd& fd, short events, const std::stop_token& stop) const {
    std::array<pollfd, 2> fds{{{fd.get(), events, 0}, {wake_.get(), POLLIN, 0}}};
    return (::poll(fds.data(), fds.size(), -1) >= 0 || errno == EINTR) && !stop.stop_requested();
  }

  std::string agent_;
  os::Fd listener_;
  os::Fd wake_;
  std::list<Connection> connections_;
  std::jthread thread_;  // last: it uses all the others
};

AgentForward::AgentForward(std::string agent, os::TempDir directory, const Access& access)
    : directory_(std::move(directory)), socket_(directory_.path() + "/" + kName) {
  os::Fd place = os::open_file(directory_.path(), O_PATH | O_DIRECTORY);
  server_ = std::make_unique<Server>(std::move(agent), listen_in(place, access));
}

AgentForward::~AgentForward() = default;

}  // namespace cooper::ops
