#include "ops/agent_forward.h"

#include <atomic>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

#include "os/fd.h"

namespace cooper::ops {
namespace {

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

// "\0\0\0<n><type>…"
std::string message(char type, const std::string& rest = "") {
  std::string text = {'\0', '\0', '\0', static_cast<char>(rest.size() + 1), type};
  return text + rest;
}

std::string read_message(int fd) {
  std::string text(5, '\0');
  if (::recv(fd, text.data(), 5, MSG_WAITALL) != 5) return "";
  text.resize(4 + static_cast<std::size_t>(text[3]));
  if (text.size() > 5) ::recv(fd, text.data() + 5, text.size() - 5, MSG_WAITALL);
  return text;
}

// Answers every request with its own bytes turned round, until it is told to be silent.
class FakeAgent {
 public:
  explicit FakeAgent(const std::string& path) : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address = address_of(path);
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ::listen(listener_.get(), 8);
    thread_ = std::jthread([this] { serve(); });
  }
  ~FakeAgent() { ::shutdown(listener_.get(), SHUT_RDWR); }

  std::atomic<bool> silent = false;

 private:
  void serve() {
    std::vector<std::jthread> conversations;
    while (true) {
      int fd = ::accept(listener_.get(), nullptr, nullptr);
      if (fd < 0) return;
      conversations.emplace_back([this, fd] {
        for (std::string request; !(request = read_message(fd)).empty();) {
          if (silent) continue;
          std::string body = request.substr(5);
          std::string reply = message(12, std::string(body.rbegin(), body.rend()));
          ::send(fd, reply.data(), reply.size(), MSG_NOSIGNAL);
        }
        ::close(fd);
      });
    }
  }

  os::Fd listener_;
  std::jthread thread_;
};

class OpsAgentForward : public testing::Test {
 protected:
  std::unique_ptr<AgentForward> forward(const AgentForward::Access& access = {}) {
    return std::make_unique<AgentForward>(agent_path_, os::TempDir(directory_.path()), access);
  }
  static os::Fd connect(const AgentForward& forward) {
    os::Fd client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address = address_of(forward.socket());
    EXPECT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return client;
  }
  static std::string ask(const os::Fd& client, const std::string& request) {
    ::send(client.get(), request.data(), request.size(), MSG_NOSIGNAL);
    return read_message(client.get());
  }

  os::TempDir directory_{"/tmp", "agent-"};
  std::string agent_path_ = directory_.path() + "/real";
  FakeAgent agent_{agent_path_};
};

TEST_F(OpsAgentForward, PassesOnWhatUsesKeysAndNothingElse) {
  auto ours = forward();
  os::Fd client = connect(*ours);
  EXPECT_EQ(ask(client, message(11)), message(12));
  EXPECT_EQ(ask(client, message(13, "abc")), message(12, "cba"));
  for (char type : std::string("\x01\x11\x12\x13\x16\x17\x19\x1b")) {
    EXPECT_EQ(ask(client, message(type, "x")), message(5)) << static_cast<int>(type);
  }
  EXPECT_EQ(ask(client, message(13, "de")), message(12, "ed")) << "still there after refusals";
}

TEST_F(OpsAgentForward, ServesSeveralAtOnce) {
  auto ours = forward();
  os::Fd first = connect(*ours);
  os::Fd second = connect(*ours);
  EXPECT_EQ(ask(second, message(11)), message(12));
  EXPECT_EQ(ask(first, message(11)), message(12));
}

TEST_F(OpsAgentForward, TheSocketHasModeAndOwner) {
  AgentForward::Access access{0741, 100, 102};
  if (::geteuid() != 0) access.uid = ::geteuid(), access.gid = ::getegid();
  auto ours = forward(access);
  struct stat info {};
  ASSERT_EQ(::stat(ours->socket().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0741U);
  EXPECT_EQ(info.st_uid, access.uid);
  EXPECT_EQ(info.st_gid, access.gid);
}

TEST_F(OpsAgentForward, ClosesOnNonsense) {
  auto ours = forward();
  os::Fd client = connect(*ours);
  EXPECT_EQ(ask(client, std::string("\xff\xff\xff\xff\x0b", 5)), "");
}

TEST_F(OpsAgentForward, EndsThoughTheAgentIsSilent) {
  agent_.silent = true;
  auto ours = forward();
  os::Fd client = connect(*ours);
  std::string request = message(11);
  ::send(client.get(), request.data(), request.size(), MSG_NOSIGNAL);
  ours.reset();
  char byte = 0;
  EXPECT_LE(::recv(client.get(), &byte, 1, 0), 0) << "closed, or reset with the request unread";
}

TEST_F(OpsAgentForward, AnAgentThatIsGoneClosesTheConnection) {
  agent_path_ = directory_.path() + "/none";
  auto ours = forward();
  os::Fd client = connect(*ours);
  EXPECT_EQ(ask(client, message(11)), "");
}

}  // namespace
}  // namespace cooper::ops
