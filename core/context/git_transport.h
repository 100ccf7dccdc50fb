// How bytes get to git-upload-pack and back: libgit2 speaks git's protocol, the connections are ours.
//
// libgit2 1.5 has no timeouts and its sockets know of no stop request; Debian's brings a TLS library, proxies
// and certificate authorities of its own. So it is given these transports instead: http and https over
// net::HttpClient, ssh over a child `ssh`, git:// over a socket. What a transport throws passes libgit2 by
// and comes out as it was thrown. Private to context.
#pragma once

#include <exception>
#include <memory>
#include <stop_token>
#include <string>

#include "base/bytes.h"
#include "context/git_access.h"
#include "context/git_library.h"
#include "context/git_url.h"

namespace cooper::context {

class GitFileServer;

class GitTransport {
 public:
  virtual ~GitTransport() = default;
  // Whether every request is an exchange of its own (http), and not part of one conversation.
  virtual bool is_stateless() const = 0;
  // After begin_advertisement(): where the server speaks no protocol and only gives files, these; else null.
  virtual GitFileServer* file_server() { return nullptr; }
  virtual void begin_advertisement() = 0;  // what follows is read: the refs
  virtual void begin_request() = 0;        // what follows is written, then the answer is read
  virtual std::size_t read(base::MutableByteSpan buffer) = 0;  // 0: the end
  virtual void write(base::ByteSpan data) = 0;
};

// `main` as in find_git_credential(). Null for a local repository, which libgit2 reads itself.
std::unique_ptr<GitTransport> open_git_transport(const GitUrl& url, const GitUrl& main,
                                                 const GitAccess& access, const std::stop_token& stop);

// Lends a transport to libgit2, and ends what libgit2 does on a stop request. Outlives the git_remote.
class GitBridge {
 public:
  GitBridge(std::unique_ptr<GitTransport> transport, std::stop_token stop)
      : transport_(std::move(transport)), stop_(std::move(stop)) {}

  // Connects, before libgit2 is asked for anything.
  void begin();
  GitFileServer* file_server() { return transport_ == nullptr ? nullptr : transport_->file_server(); }
  git_remote_callbacks callbacks();
  // After a libgit2 call failed: throws what the transport threw or Error{kCancelled}, if it was one of
  // these.
  void rethrow() const;

  // For the callbacks: runs `action`, keeps what it throws, and returns what libgit2 wants to hear.
  template <typename Action>
  int guard(Action action) noexcept;
  GitTransport& transport() { return *transport_; }
  void count_advertisement(base::ByteSpan data);
  void end_advertisement() { advertising_ = false; }

 private:
  std::unique_ptr<GitTransport> transport_;
  std::stop_token stop_;
  std::exception_ptr failure_;
  bool advertising_ = true;
  std::size_t advertised_ = 0;  // bytes
  std::string head_;            // of the advertisement, which names what the server can do
};

}  // namespace cooper::context
