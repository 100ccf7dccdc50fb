// git over ssh, through the program `ssh`, and git:// over a socket: one conversation with git-upload-pack.
//
// ssh is the program, not a library: libssh2 1.10 signs with RSA keys only as servers stopped to accept, and
// its waits end on nothing. It reads no configuration, asks nothing, uses only the keys of the agent it is
// given, and believes only known host keys. gitprotocol-pack(5). Private to context.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "context/git_transport.h"
#include "os/conversation.h"

namespace cooper::context {

class GitConversation final : public GitTransport {
 public:
  GitConversation(GitUrl url, const GitAccess& access, std::stop_token stop);

  bool is_stateless() const override { return false; }
  void begin_advertisement() override;
  void begin_request() override {}
  std::size_t read(base::MutableByteSpan buffer) override;
  void write(base::ByteSpan data) override;

 private:
  void start_ssh();
  void connect();
  [[noreturn]] void explain_end() const;

  const GitUrl url_;
  const GitAccess& access_;
  const std::stop_token stop_;
  std::optional<os::Conversation> conversation_;
};

// The command line for `url`, for tests to look at.
std::vector<std::string> ssh_command(const GitUrl& url, const GitAccess& access);

}  // namespace cooper::context
