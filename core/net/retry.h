// Retries for what may pass: transport errors and 408, 429, 500, 502, 503, 504.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "base/error.h"
#include "net/http.h"

namespace cooper::net {

struct RetryPolicy {
  int attempts = 5;
  std::chrono::milliseconds first_delay{250};  // doubled each time, with ±25% jitter
  std::chrono::milliseconds longest_delay{20'000};
  // A server that asks for more than this gets its answer now: a build that hangs for an hour helps nobody.
  std::chrono::milliseconds patience() const { return longest_delay * 6; }
};

// Counts failures in a row, and waits between them; for callers that go on where they were instead of doing
// the same thing again.
class Retries {
 public:
  // `on_retry` (may be empty) hears each failed attempt as one line.
  Retries(const RetryPolicy& policy, std::function<void(const std::string&)> on_retry)
      : policy_(policy), on_retry_(std::move(on_retry)) {}

  // After a failure: waits, by Retry-After where the response has one, and returns true; or returns false at
  // once when attempts are used up or the server asks for more than our patience. Throws Error{kCancelled}.
  bool again(const Response& response, const std::stop_token& stop);
  bool again(const base::Error& error, const std::stop_token& stop);
  // Something was achieved: what failed before counts no more.
  void progress() { failures_ = 0; }

 private:
  bool wait(const std::string& reason, std::chrono::milliseconds at_least, const std::stop_token& stop);

  const RetryPolicy policy_;
  const std::function<void(const std::string&)> on_retry_;
  int failures_ = 0;
};

// Calls `attempt` until it returns a response that is not worth another try, or attempts are used up; honours
// Retry-After. Waits are interrupted by `stop`. The last response or error is what the caller gets.
// `on_retry` (may be empty) hears each failed attempt as one line.
Response send_with_retry(const RetryPolicy& policy, const std::function<Response()>& attempt,
                         const std::function<void(const std::string&)>& on_retry,
                         const std::stop_token& stop);

bool is_retryable_status(int status);

// How long the server asks us to wait, as seconds or as a date (RFC 9110, section 10.2.3).
std::optional<std::chrono::milliseconds> retry_after(const Response& response);

}  // namespace cooper::net
