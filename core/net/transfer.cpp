#include "net/transfer.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fmt/format.h>
#include <sys/socket.h>

#include "base/cancellation.h"
#include "base/text.h"
#include "net/connect_failure.h"
#include "net/proxy.h"
#include "net/redact.h"
#include "net/url.h"

namespace cooper::net {

namespace {

constexpr std::size_t kBufferLimit = 1 << 20;
constexpr std::size_t kHeaderLimit = 1 << 20;
constexpr long kCurlBuffer = 256 << 10;

template <typename Value>
void set(CURL* easy, CURLoption option, Value value) {
  CURLcode code = curl_easy_setopt(easy, option, value);
  if (code != CURLE_OK) {
    throw base::Error(
        base::ErrorKind::kInternal,
        fmt::format("cannot set http option {}: {}", static_cast<int>(option), curl_easy_strerror(code)));
  }
}

// libcurl 7.88 leaves its sockets open across exec.
curl_socket_t open_socket(void*, curlsocktype, curl_sockaddr* address) {
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

bool may_pass(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_HTTP2:
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_AGAIN:
    case CURLE_HTTP2_STREAM:
      return true;
    default:
      return false;
  }
}

}  // namespace

Transfer::Transfer(const Request& request, std::string url)
    : easy_(curl_easy_init()),
      method_(request.method),
      url_(std::move(url)),
      tls_(request.tls),
      stall_timeout_(request.stall_timeout),
      fixed_body_(request.body),
      streams_body_(static_cast<bool>(request.body_stream)) {
  if (easy_ == nullptr) throw base::Error(base::ErrorKind::kInternal, "cannot create an http transfer");
  response_.effective_url = url_;
}

// Delegates, so that the destructor frees libcurl's memory when something here throws.
Transfer::Transfer(const Request& request, std::string url, const Headers& headers)
    : Transfer(request, std::move(url)) {
  for (const auto& [name, value] : headers) {
    // libcurl drops a header written "Name:"; ';' keeps it with an empty value.
    std::string line = value.empty() ? name + ";" : fmt::format("{}: {}", name, value);
    if (line.find_first_of("\r\n") != std::string::npos) {
      throw base::Error(base::ErrorKind::kUsage, fmt::format("http header '{}' contains a line break", name));
    }
    header_list_ = curl_slist_append(header_list_, line.c_str());
  }
  // Without this libcurl waits a second for "100 Continue" before each body.
  header_list_ = curl_slist_append(header_list_, "Expect:");
  set(easy_, CURLOPT_URL, url_.c_str());
  set(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy_, CURLOPT_HTTPHEADER, header_list_);
  set(easy_, CURLOPT_ERRORBUFFER, error_text_);
  set(easy_, CURLOPT_PRIVATE, this);
  set(easy_, CURLOPT_NOSIGNAL, 1L);
  set(easy_, CURLOPT_OPENSOCKETFUNCTION, &open_socket);
  set(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  set(easy_, CURLOPT_BUFFERSIZE, kCurlBuffer);
  set(easy_, CURLOPT_UPLOAD_BUFFERSIZE, kCurlBuffer);
  set(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  set(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(easy_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout.count()));
  set(easy_, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  set(easy_, CURLOPT_HEADERDATA, this);
  set(easy_, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(easy_, CURLOPT_WRITEDATA, this);
  set(easy_, CURLOPT_PREREQFUNCTION, &Transfer::on_request);
  set(easy_, CURLOPT_PREREQDATA, this);
  set_method(request);
}

Transfer::~Transfer() {
  curl_easy_cleanup(easy_);
  curl_slist_free_all(header_list_);
}

void Transfer::set_method(const Request& request) {
  bool has_body =
      streams_body_ || !fixed_body_.empty() || method_ == "PUT" || method_ == "POST" || method_ == "PATCH";
  if (method_ == "HEAD") {
    set(easy_, CURLOPT_NOBODY, 1L);
    return;
  }
  if (!has_body) {
    if (method_ != "GET") set(easy_, CURLOPT_CUSTOMREQUEST, method_.c_str());
    return;
  }
  set(easy_, CURLOPT_UPLOAD, 1L);
  set(easy_, CURLOPT_CUSTOMREQUEST, method_.c_str());
  curl_off_t size = static_cast<curl_off_t>(fixed_body_.size());
  if (streams_body_) size = request.body_size ? static_cast<curl_off_t>(*request.body_size) : -1;
  set(easy_, CURLOPT_INFILESIZE_LARGE, size);
  set(easy_, CURLOPT_READFUNCTION, &Transfer::on_upload);
  set(easy_, CURLOPT_READDATA, this);
  set(easy_, CURLOPT_SEEKFUNCTION, &Transfer::on_seek);
  set(easy_, CURLOPT_SEEKDATA, this);
}

void Transfer::apply(const ClientOptions& options, const std::string& ca_bundle) {
  set(easy_, CURLOPT_USERAGENT, options.user_agent.c_str());
  // Always set, "" included: libcurl would read the environment otherwise.
  set(easy_, CURLOPT_PROXY, proxy_for(url_, options).c_str());
  set(easy_, CURLOPT_NOPROXY, options.no_proxy.c_str());
  set_tls(tls_, ca_bundle);
}

void Transfer::set_tls(const TlsOptions& tls, const std::string& ca_bundle) {
  if (!ca_bundle.empty()) {
    curl_blob blob{const_cast<char*>(ca_bundle.data()), ca_bundle.size(), CURL_BLOB_COPY};
    set(easy_, CURLOPT_CAINFO_BLOB, &blob);
  }
  if (!tls.client_cert.empty()) {
    set(easy_, CURLOPT_SSLCERT, tls.client_cert.c_str());
    set(easy_, CURLOPT_SSLKEY, tls.client_key.empty() ? tls.client_cert.c_str() : tls.client_key.c_str());
  }
  if (!tls.verify) {
    set(easy_, CURLOPT_SSL_VERIFYPEER, 0L);
    set(easy_, CURLOPT_SSL_VERIFYHOST, 0L);
  }
}

// ---- the calling thread

bool Transfer::offer(base::ByteSpan data, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  auto refused = [&] { return responded_ && response_.status >= 300; };
  changed_.wait(lock, stop, [&] { return done_ || refused() || upload_.size() < kBufferLimit; });
  base::throw_if_stopped(stop);
  if (done_ || refused()) return false;
  upload_.append(data);
  return std::exchange(upload_paused_, false);
}

bool Transfer::end_upload() {
  std::scoped_lock lock(mutex_);
  upload_ended_ = true;
  return std::exchange(upload_paused_, false);
}

bool Transfer::take(base::MutableByteSpan buffer, std::size_t& taken, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop, [&] { return done_ || !download_.empty(); });
  base::throw_if_stopped(stop);
  taken = download_.take(buffer);
  if (taken == 0) {
    if (failure_) throw base::Error(*failure_);
    return false;
  }
  return download_.empty() && std::exchange(download_paused_, false);
}

void Transfer::wait_headers(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop, [&] { return responded_ || done_; });
  base::throw_if_stopped(stop);
}

bool Transfer::done() const {
  std::scoped_lock lock(mutex_);
  return done_;
}

bool Transfer::responded() const {
  std::scoped_lock lock(mutex_);
  return responded_;
}

bool Transfer::refused() const {
  std::scoped_lock lock(mutex_);
  return responded_ && response_.status >= 300;
}

Response Transfer::response() const {
  std::scoped_lock lock(mutex_);
  return response_;
}

void Transfer::throw_if_failed() const {
  std::scoped_lock lock(mutex_);
  if (failure_) throw base::Error(*failure_);
}

// ---- the network thread

void Transfer::resume() {
  {
    std::scoped_lock lock(mutex_);
    if (done_) return;
    if (last_activity_) last_activity_ = Clock::now();
  }
  curl_easy_pause(easy_, CURLPAUSE_CONT);
}

void Transfer::complete(CURLcode code) {
  std::scoped_lock lock(mutex_);
  if (code != CURLE_OK && !failure_) failure_ = describe(code);
  done_ = true;
  responded_ = responded_ || !failure_;
  changed_.notify_all();
}

void Transfer::cancel() {
  std::scoped_lock lock(mutex_);
  if (!done_ && !failure_)
    failure_ = base::Error(base::ErrorKind::kCancelled, "the http transfer was cancelled");
  done_ = true;
  changed_.notify_all();
}

void Transfer::discard() {
  {
    std::scoped_lock lock(mutex_);
    discards_ = true;
  }
  curl_easy_pause(easy_, CURLPAUSE_CONT);
}

std::optional<Transfer::Clock::time_point> Transfer::stall_deadline() const {
  std::scoped_lock lock(mutex_);
  if (!last_activity_ || download_paused_ || upload_paused_) return std::nullopt;
  return *last_activity_ + stall_timeout_;
}

void Transfer::stall() {
  std::scoped_lock lock(mutex_);
  failure_ = base::Error(base::ErrorKind::kRegistry,
                         fmt::format("cannot {} '{}': no byte came or went for {:.1f} s", method_,
                                     redact_url(url_), static_cast<double>(stall_timeout_.count()) / 1000))
                 .retryable();
}

base::Error Transfer::describe(CURLcode code) const {
  std::string_view reason = base::trim(error_text_);
  if (reason.empty()) reason = curl_easy_strerror(code);
  base::Error error(base::ErrorKind::kRegistry,
                    fmt::format("cannot {} '{}': {}", method_, redact_url(url_), reason));
  const ConnectFailure failure = connect_failure(code, reason);
  error.retryable(may_pass(code) && !failure.is_lasting);
  if (!failure.hint.empty()) error.hint(failure.hint);
  return error;
}

// Called when a connection was found or made and the request is about to go out.
int Transfer::on_request(void* self, char*, char*, int, int) {
  auto* transfer = static_cast<Transfer*>(self);
  std::scoped_lock lock(transfer->mutex_);
  transfer->last_activity_ = Clock::now();
  return CURL_PREREQFUNC_OK;
}

std::size_t Transfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto* transfer = static_cast<Transfer*>(self);
  std::scoped_lock lock(transfer->mutex_);
  transfer->last_activity_ = Clock::now();
  transfer->header_bytes_ += size * count;
  if (transfer->header_bytes_ > kHeaderLimit) return 0;
  transfer->header_line(base::trim(std::string_view(data, size * count)));
  return size * count;
}

void Transfer::header_line(std::string_view line) {
  if (line.rfind("HTTP/", 0) == 0) {
    response_.headers.clear();
    std::string_view code = line.substr(std::min(line.find(' '), line.size()));
    code = base::trim(code).substr(0, 3);
    std::from_chars(code.data(), code.data() + code.size(), response_.status);
    return;
  }
  if (line.empty()) {
    // An interim response (RFC 9110, section 15.2) is followed by another one; trailers come after the final
    // one.
    if (response_.status < 200) return;
    responded_ = true;
    changed_.notify_all();
    return;
  }
  std::size_t colon = line.find(':');
  if (responded_ || colon == std::string_view::npos) return;
  response_.headers.emplace_back(base::to_lower(base::trim(line.substr(0, colon))),
                                 std::string(base::trim(line.substr(colon + 1))));
}

std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto* transfer = static_cast<Transfer*>(self);
  std::scoped_lock lock(transfer->mutex_);
  transfer->last_activity_ = Clock::now();
  if (transfer->discards_) return size * count;
  std::size_t held = transfer->download_.size();
  if (held > 0 && held + size * count > kBufferLimit) {
    transfer->download_paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  transfer->download_.append(std::as_bytes(std::span(data, size * count)));
  transfer->changed_.notify_all();
  return size * count;
}

std::size_t Transfer::on_upload(char* data, std::size_t size, std::size_t count, void* self) {
  auto* transfer = static_cast<Transfer*>(self);
  std::scoped_lock lock(transfer->mutex_);
  transfer->last_activity_ = Clock::now();
  if (transfer->discards_) return CURL_READFUNC_ABORT;
  if (!transfer->streams_body_) {
    std::size_t length = std::min(size * count, transfer->fixed_body_.size() - transfer->upload_taken_);
    std::memcpy(data, transfer->fixed_body_.data() + transfer->upload_taken_, length);
    transfer->upload_taken_ += length;
    return length;
  }
  std::size_t length = transfer->upload_.take(std::as_writable_bytes(std::span(data, size * count)));
  if (length == 0 && !transfer->upload_ended_) {
    transfer->upload_paused_ = true;
    return CURL_READFUNC_PAUSE;
  }
  transfer->upload_taken_ += length;
  transfer->changed_.notify_all();
  return length;
}

// libcurl rewinds when a pooled connection turns out to be dead; a stream that was read from cannot be.
int Transfer::on_seek(void* self, curl_off_t offset, int origin) {
  auto* transfer = static_cast<Transfer*>(self);
  std::scoped_lock lock(transfer->mutex_);
  if (origin != SEEK_SET || offset != 0) return CURL_SEEKFUNC_CANTSEEK;
  if (transfer->streams_body_ && transfer->upload_taken_ > 0) return CURL_SEEKFUNC_CANTSEEK;
  transfer->upload_taken_ = 0;
  return CURL_SEEKFUNC_OK;
}

}  // namespace cooper::net
