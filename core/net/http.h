// HTTP over libcurl: one network thread with curl_multi behind a blocking facade.
//
// Any number of threads call send() and open(); they block while the network thread moves bytes. Bodies
// stream with back-pressure through bounded buffers, so memory does not grow with size. Connections are
// pooled per host; HTTP/2 is used where offered over TLS. Credentials never follow a redirect to another
// host, and never appear in errors (net/redact.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace cooper::net {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct TlsOptions {
  std::vector<std::string> ca_files;  // PEM, besides the system's
  std::string client_cert;            // PEM
  std::string client_key;             // PEM
  bool verify = true;                 // false only by the user's explicit choice
};

struct Request {
  std::string method = "GET";
  std::string url;
  Headers headers;
  // The body: nothing, a string, or a stream of known or unknown length. A stream is asked for anew for every
  // attempt.
  std::string body;
  std::function<std::unique_ptr<base::ByteSource>()> body_stream;
  std::optional<std::uint64_t> body_size;
  bool follow_redirects =
      true;  // GET and HEAD only; Authorization is dropped on another host, scheme or port
  std::chrono::milliseconds connect_timeout{30'000};
  std::chrono::milliseconds stall_timeout{60'000};  // no byte either way for so long fails the request
  TlsOptions tls;
};

struct Response {
  int status = 0;
  Headers headers;            // of the last response, names in lower case
  std::string body;           // send() only
  std::string effective_url;  // after redirects
  const std::string* header(std::string_view lower_case_name) const;
};

// A response whose body is read as it arrives. Destroying it early aborts the transfer.
class ResponseStream : public base::ByteSource {
 public:
  virtual const Response& response() const = 0;  // body empty
};

struct ClientOptions {
  std::string user_agent = "cooper";
  int connections_per_host = 24;
  int streams_per_connection = 32;  // HTTP/2; more requests at once take another connection
  std::string http_proxy;           // as the environment gave them; "" for none
  std::string https_proxy;
  std::string no_proxy;      // hosts, ".domains", addresses and CIDR ranges, as libcurl has them
  std::string ca_file;       // PEM, besides the system's
  std::string ca_directory;  // directories of PEM files, separated by ':'
};

class HttpClient {
 public:
  static std::shared_ptr<HttpClient> create(ClientOptions options);
  virtual ~HttpClient() = default;

  // One request and its whole response body, at most `body_limit` bytes. A status of 400 and more is a normal
  // return. Throws Error{kRegistry}, retryable for what may pass (refused, reset, timed out, DNS), naming
  // method and redacted URL.
  virtual Response send(const Request& request, const std::stop_token& stop,
                        std::size_t body_limit = 32 << 20) = 0;
  // The same, returning once the headers are there.
  virtual std::unique_ptr<ResponseStream> open(const Request& request, const std::stop_token& stop) = 0;
};

}  // namespace cooper::net
