// Retries for what may pass: transport errors and 408, 429, 500, 502, 503, 504.
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>

#include "net/http.h"

namespace cooper::net {

struct RetryPolicy {
  int attempts = 5;
  std::chrono::milliseconds first_delay{250};  // doubled each time, with ±25% jitter
  std::chrono::milliseconds longest_delay{20'000};
};

// Calls `attempt` until it returns a response that is not worth another try, or attempts are used up; honours
// Retry-After. Waits are interrupted by `stop`. The last response or error is what the caller gets.
// `on_retry` (may be empty) hears each failed attempt as one line.
Response send_with_retry(const RetryPolicy& policy, const std::function<Response()>& attempt,
                         const std::function<void(const std::string&)>& on_retry,
                         const std::stop_token& stop);

bool is_retryable_status(int status);

}  // namespace cooper::net
