#include "net/http.h"

#include <array>
#include <curl/curl.h>
#include <fmt/format.h>

#include "base/cancellation.h"
#include "base/error.h"
#include "base/guarded.h"
#include "base/text.h"
#include "base/trace.h"
#include "net/authorities.h"
#include "net/network_thread.h"
#include "net/proxy.h"
#include "net/redact.h"
#include "net/transfer.h"
#include "net/url.h"

namespace cooper::net {

namespace {

constexpr int kMostRedirects = 10;
constexpr std::size_t kRedirectBody = 64 << 10;
constexpr std::size_t kPumpBuffer = 128 << 10;

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool is_credential(std::string_view name) {
  std::string lower = base::to_lower(name);
  return lower == "authorization" || lower == "cookie" || lower == "proxy-authorization";
}

class CurlStream final : public ResponseStream {
 public:
  CurlStream(std::shared_ptr<NetworkThread> thread, std::shared_ptr<Transfer> transfer, std::stop_token stop)
      : thread_(std::move(thread)),
        transfer_(std::move(transfer)),
        response_(transfer_->response()),
        stop_(std::move(stop)) {}

  ~CurlStream() override {
    if (!transfer_->done()) thread_->abort(transfer_);
  }

  const Response& response() const override { return response_; }

  std::size_t read(base::MutableByteSpan buffer) override {
    std::size_t taken = 0;
    if (transfer_->take(buffer, taken, stop_)) thread_->resume(transfer_);
    return taken;
  }

 private:
  std::shared_ptr<NetworkThread> thread_;
  std::shared_ptr<Transfer> transfer_;
  Response response_;
  std::stop_token stop_;
};

class CurlClient final : public HttpClient {
 public:
  explicit CurlClient(ClientOptions options)
      : options_(std::move(options)), thread_(std::make_shared<NetworkThread>(options_)) {}

  Response send(const Request& request, const std::stop_token& stop, std::size_t body_limit) override {
    std::unique_ptr<ResponseStream> stream = open(request, stop);
    Response response = stream->response();
    response.body = base::read_all(*stream, body_limit,
                                   fmt::format("the answer of '{}'", redact_url(response.effective_url)));
    return response;
  }

  std::unique_ptr<ResponseStream> open(const Request& request, const std::stop_token& stop) override {
    std::string url = request.url;
    Request step = request;
    Origin first = origin_of(url);
    bool may_follow = request.follow_redirects && (request.method == "GET" || request.method == "HEAD");
    for (int redirects = 0;; ++redirects) {
      std::unique_ptr<ResponseStream> stream = exchange(step, url, stop);
      const Response& response = stream->response();
      const std::string* location = response.header("location");
      if (!may_follow || !is_redirect(response.status) || location == nullptr) return stream;
      drain(*stream);
      if (redirects == kMostRedirects) {
        throw base::Error(base::ErrorKind::kRegistry, fmt::format("'{}' redirects more than {} times",
                                                                  redact_url(request.url), kMostRedirects));
      }
      url = resolve_url(url, *location);
      // Once a chain left the origin, what comes after is not trusted with credentials even if it leads back.
      if (!(origin_of(url) == first)) drop_credentials(step);
    }
  }

 private:
  // Reads what a redirect says besides its location, so that its connection can be used again.
  static void drain(ResponseStream& stream) {
    std::array<std::byte, 4096> buffer;
    try {
      for (std::size_t total = 0, length = 1; length > 0 && total < kRedirectBody; total += length) {
        length = stream.read(buffer);
      }
    } catch (const base::Error& error) {
      if (error.kind() == base::ErrorKind::kCancelled) throw;
    }
  }

  static void drop_credentials(Request& request) {
    Headers kept;
    for (auto& header : request.headers) {
      if (!is_credential(header.first)) kept.push_back(std::move(header));
    }
    request.headers = std::move(kept);
    request.tls.client_cert.clear();
    request.tls.client_key.clear();
  }

  std::unique_ptr<ResponseStream> exchange(const Request& request, const std::string& url,
                                           const std::stop_token& stop) {
    base::throw_if_stopped(stop);
    const base::Span span("http", "request",
                          base::is_tracing() ? request.method + " " + redact_url(url) : std::string());
    auto transfer = std::make_shared<Transfer>(request, url, request.headers);
    transfer->apply(options_, ca_bundle(request.tls.ca_files));
    thread_->start(transfer);
    try {
      if (request.body_stream) pump(*request.body_stream(), transfer, stop);
      transfer->wait_headers(stop);
    } catch (...) {
      thread_->abort(transfer);
      throw;
    }
    if (!transfer->responded()) transfer->throw_if_failed();
    return std::make_unique<CurlStream>(thread_, transfer, stop);
  }

  // Feeds the body until it ends, or until the server refused or sent us elsewhere before it was through.
  void pump(base::ByteSource& source, const std::shared_ptr<Transfer>& transfer,
            const std::stop_token& stop) {
    std::vector<std::byte> buffer(kPumpBuffer);
    while (!transfer->done() && !transfer->refused()) {
      std::size_t length = source.read(buffer);
      if (length == 0) break;
      if (transfer->offer(base::ByteSpan(buffer.data(), length), stop)) thread_->resume(transfer);
    }
    if (transfer->end_upload()) thread_->resume(transfer);
  }

  // "" where the system's authorities are all, and libcurl finds them.
  std::string ca_bundle(const std::vector<std::string>& request_files) {
    if (options_.ca_file.empty() && options_.ca_directory.empty() && request_files.empty() &&
        knows_system_authorities())
      return {};
    return bundles_.with([&](std::map<std::vector<std::string>, std::string>& bundles) {
      const auto known = bundles.find(request_files);
      if (known != bundles.end()) return known->second;
      std::vector<std::string> files = request_files;
      if (!options_.ca_file.empty()) files.push_back(options_.ca_file);
      return bundles.emplace(request_files, read_authorities(files, options_.ca_directory)).first->second;
    });
  }

  const ClientOptions options_;
  base::Guarded<std::map<std::vector<std::string>, std::string>> bundles_;  // by the request's files
  std::shared_ptr<NetworkThread> thread_;
};

}  // namespace

const std::string* Response::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return &value;
  }
  return nullptr;
}

std::shared_ptr<HttpClient> HttpClient::create(ClientOptions options) {
  check_proxies(options);
  return std::make_shared<CurlClient>(std::move(options));
}

}  // namespace cooper::net
