#include "os/conversation.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <gtest/gtest.h>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "support/error_of.h"

namespace cooper::os {
namespace {

using support::error_of;

base::ByteSpan bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::string read_some(Conversation& conversation, const std::stop_token& stop = {}) {
  std::array<std::byte, 64 << 10> buffer;
  const std::size_t count = conversation.read(buffer, stop);
  return {reinterpret_cast<const char*>(buffer.data()), count};
}

std::string read_to_end(Conversation& conversation) {
  std::string all;
  for (std::string part = read_some(conversation); !part.empty(); part = read_some(conversation)) all += part;
  return all;
}

Conversation shell(const std::string& script) {
  return Conversation::with_program({"/bin/sh", "-c", script}, {"NAME=value"});
}

// A loopback port that accepts connections and says nothing.
struct Listener {
  Listener() : socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket.get(), 8), 0);
    EXPECT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  }
  std::uint16_t port() const { return ntohs(address.sin_port); }
  sockaddr_in address{};
  Fd socket;
};

TEST(OsConversation, TalksWithAProgram) {
  Conversation conversation = shell("read -r line; echo \"$line and $NAME\"");
  conversation.write(bytes("question\n"), {});
  EXPECT_EQ(read_to_end(conversation), "question and value\n");
}

TEST(OsConversation, KeepsTheBeginningOfWhatAProgramComplainsAbout) {
  Conversation conversation = shell("yes complaint | head -c 300000 >&2; echo done");
  EXPECT_EQ(read_to_end(conversation), "done\n");
  EXPECT_EQ(conversation.errors().size(), 16U << 10);
  EXPECT_TRUE(conversation.errors().starts_with("complaint\n"));
}

TEST(OsConversation, LargeAnswersArrive) {
  Conversation conversation = shell("head -c 3000000 /dev/zero");
  EXPECT_EQ(read_to_end(conversation).size(), 3000000U);
}

TEST(OsConversation, AProgramThatIsGoneCannotBeWrittenTo) {
  Conversation conversation = shell("echo reason >&2; exit 1");
  EXPECT_EQ(read_to_end(conversation), "");
  base::Error error = error_of([&] { conversation.write(bytes(std::string(1 << 20, 'x')), {}); });
  EXPECT_EQ(error.errno_value(), EPIPE);
  EXPECT_EQ(conversation.errors(), "reason\n");
}

TEST(OsConversation, AStopRequestEndsAWait) {
  Conversation conversation = shell("exec sleep 1000");
  std::stop_source source;
  std::jthread stopper([&] { source.request_stop(); });
  EXPECT_EQ(error_of([&] { read_some(conversation, source.get_token()); }).kind(),
            base::ErrorKind::kCancelled);
}

TEST(OsConversation, TheProgramEndsWithIt) {
  pid_t pid = 0;
  {
    Conversation conversation = shell("echo $$; exec sleep 1000");
    pid = std::stoi(read_some(conversation));
    EXPECT_EQ(::kill(pid, 0), 0);
  }
  EXPECT_EQ(::kill(pid, 0), -1);
}

TEST(OsConversation, TalksWithAHost) {
  Listener listener;
  Conversation conversation =
      Conversation::with_host("127.0.0.1", listener.port(), std::chrono::seconds(10), {});
  const Fd peer(::accept(listener.socket.get(), nullptr, nullptr));
  conversation.write(bytes("question"), {});
  std::array<char, 64> buffer{};
  ASSERT_EQ(::read(peer.get(), buffer.data(), buffer.size()), 8);
  ASSERT_EQ(::write(peer.get(), "answer", 6), 6);
  EXPECT_EQ(read_some(conversation), "answer");
}

TEST(OsConversation, ASilentHostStallsARead) {
  Listener listener;
  Conversation conversation =
      Conversation::with_host("127.0.0.1", listener.port(), std::chrono::seconds(10), {});
  conversation.set_stall_timeout(std::chrono::milliseconds(20));
  base::Error error = error_of([&] { read_some(conversation); });
  EXPECT_EQ(error.errno_value(), ETIMEDOUT);
  EXPECT_TRUE(error.is_retryable());
}

TEST(OsConversation, NamesAHostThatCannotBeHad) {
  std::uint16_t port = Listener().port();  // free again
  base::Error refused =
      error_of([&] { Conversation::with_host("127.0.0.1", port, std::chrono::seconds(10), {}); });
  EXPECT_EQ(refused.message(), "cannot connect to '127.0.0.1:" + std::to_string(port) + "'");
  EXPECT_EQ(refused.errno_value(), ECONNREFUSED);
  base::Error unknown =
      error_of([&] { Conversation::with_host("no-such-host.invalid", 9418, std::chrono::seconds(10), {}); });
  EXPECT_NE(unknown.message().find("no-such-host.invalid"), std::string::npos);
}

}  // namespace
}  // namespace cooper::os
