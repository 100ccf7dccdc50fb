// A two-way byte stream with a program (its standard input and output) or with a TCP peer, whose every wait
// ends on a stop request.
//
// Blocking sockets inside a library know nothing of stop requests; what speaks a protocol of its own over a
// socket or a program (git over ssh) does so through this. Used from one thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>
#include <sys/types.h>
#include <vector>

#include "base/bytes.h"
#include "os/fd.h"

namespace cooper::os {

class Conversation {
 public:
  // Starts `argv` with exactly the environment `env`; it ends with the conversation. Throws Error{kIo}.
  static Conversation with_program(const std::vector<std::string>& argv, std::vector<std::string> env);
  // Connects to the first address of `host` that answers. Throws Error{kIo}, retryable. Looking the name up
  // is the one wait that `stop` does not end: the resolver's own timeout does.
  static Conversation with_host(const std::string& host, std::uint16_t port,
                                std::chrono::milliseconds timeout, const std::stop_token& stop);
  ~Conversation();
  Conversation(Conversation&& other) noexcept;
  Conversation& operator=(Conversation&&) = delete;

  // Up to buffer.size() bytes; 0 means that the other side is through. Throws Error{kIo}, Error{kCancelled}.
  std::size_t read(base::MutableByteSpan buffer, const std::stop_token& stop);
  void write(base::ByteSpan data, const std::stop_token& stop);

  // No byte either way for so long fails a read or write, retryable; 0: no limit.
  void set_stall_timeout(std::chrono::milliseconds timeout) { stall_timeout_ = timeout; }
  // The beginning of what the program wrote to its standard error so far.
  const std::string& errors() const { return error_text_; }

 private:
  Conversation(std::string peer, Fd socket) : peer_(std::move(peer)), socket_(std::move(socket)) {}
  void wait(short events, const std::stop_token& stop);
  void drain_errors();

  std::string peer_;  // for errors
  Fd socket_;
  Fd errors_;
  std::string error_text_;
  pid_t pid_ = -1;
  std::chrono::milliseconds stall_timeout_{0};
};

}  // namespace cooper::os
