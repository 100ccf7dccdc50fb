// git's smart HTTP over net::HttpClient: gitprotocol-http(5), version 0. Finds out, too, where a server is
// "dumb".
//
// Credentials go with the first request already (servers answer 404 to strangers), never to another origin:
// the client drops them on a redirect that leaves it, and what follows such a redirect is asked without.
// Private to context.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "context/git_file_server.h"
#include "context/git_transport.h"
#include "net/http.h"

namespace cooper::context {

class GitHttp final : public GitTransport {
 public:
  GitHttp(GitUrl url, std::optional<GitCredential> credential, const GitAccess& access, std::stop_token stop);

  bool is_stateless() const override { return true; }
  GitFileServer* file_server() override { return files_ ? &*files_ : nullptr; }
  void begin_advertisement() override;
  void begin_request() override;
  std::size_t read(base::MutableByteSpan buffer) override;
  void write(base::ByteSpan data) override;

 private:
  net::Request request_to(const std::string& url) const;
  void post();
  std::unique_ptr<net::ResponseStream> open_file(const std::string& path) const;
  [[noreturn]] void refuse_answer() const;
  [[noreturn]] void refuse(const net::Response& response) const;

  const GitUrl url_;
  const std::optional<GitCredential> credential_;
  const GitAccess& access_;
  const std::stop_token stop_;
  std::string base_;           // where the repository really is, after redirects
  std::string advertisement_;  // what is left to be read of it
  std::size_t taken_ = 0;
  std::string body_;  // of the next request
  std::optional<GitFileServer> files_;
  std::unique_ptr<net::ResponseStream> answer_;
};

}  // namespace cooper::context
