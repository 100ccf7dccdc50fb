// One HTTP exchange between a blocking caller and the network thread: two bounded buffers and a result.
//
// The caller fills the upload buffer and drains the download buffer; the network thread does the opposite
// from libcurl's callbacks. When a buffer is full (or empty) on the network side the transfer is paused, and
// the caller asks for it to go on once there is room (or data) again. Private to net.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <curl/curl.h>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "base/byte_queue.h"
#include "base/error.h"
#include "net/http.h"

namespace cooper::net {

class Transfer {
 public:
  // `url` is where this exchange goes, which after a redirect is not request.url.
  Transfer(const Request& request, std::string url, const Headers& headers);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  CURL* easy() const { return easy_; }
  void apply(const ClientOptions& options, const std::string& ca_bundle);

  // For the calling thread.
  // Each returns true when the network thread has to be told to resume().
  bool offer(base::ByteSpan data, const std::stop_token& stop);  // waits for room; drops data once done
  bool end_upload();
  bool take(base::MutableByteSpan buffer, std::size_t& taken, const std::stop_token& stop);  // waits for data
  void wait_headers(const std::stop_token& stop);
  bool done() const;
  bool responded() const;     // the final response's headers are there
  bool refused() const;       // and their status is 300 or more
  Response response() const;  // valid once responded()
  void throw_if_failed() const;

  // For the network thread.
  void resume();
  void complete(CURLcode code);
  void cancel();
  // Before an unfinished transfer is removed: what still comes is dropped, and libcurl lets go of what it
  // holds for a paused one. An HTTP/2 connection goes on without its stream, and libcurl 7.88 forgets that
  // memory.
  void discard();
  using Clock = std::chrono::steady_clock;
  // When the transfer counts as stalled; nullopt while it waits for us, not for the peer.
  std::optional<Clock::time_point> stall_deadline() const;
  void stall();

 private:
  Transfer(const Request& request, std::string url);

  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_upload(char* data, std::size_t size, std::size_t count, void* self);
  static int on_seek(void* self, curl_off_t offset, int origin);
  static int on_request(void* self, char*, char*, int, int);
  void header_line(std::string_view line);
  void set_method(const Request& request);
  void set_tls(const TlsOptions& tls, const std::string& ca_bundle);
  base::Error describe(CURLcode code) const;

  CURL* easy_;
  curl_slist* header_list_ = nullptr;
  char error_text_[CURL_ERROR_SIZE] = {};
  const std::string method_;
  const std::string url_;
  const TlsOptions tls_;
  const std::chrono::milliseconds stall_timeout_;
  const std::string fixed_body_;
  const bool streams_body_;

  mutable std::mutex mutex_;
  mutable std::condition_variable_any changed_;
  Response response_;
  std::size_t header_bytes_ = 0;
  bool responded_ = false;
  bool done_ = false;
  std::optional<base::Error> failure_;
  base::ByteQueue download_;
  bool download_paused_ = false;
  bool discards_ = false;
  base::ByteQueue upload_;
  std::uint64_t upload_taken_ = 0;
  bool upload_ended_ = false;
  bool upload_paused_ = false;
  std::optional<Clock::time_point>
      last_activity_;  // set once the request goes out: waiting for a connection is no stall
};

}  // namespace cooper::net
