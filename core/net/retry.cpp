#include "net/retry.h"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <ctime>
#include <fmt/format.h>
#include <mutex>
#include <optional>
#include <random>

#include "base/cancellation.h"
#include "base/error.h"
#include "net/http_date.h"
#include "net/redact.h"

namespace cooper::net {

namespace {

using std::chrono::milliseconds;

// A server that asks for more patience than this many of our longest delays gets its answer now: a build that
// hangs for an hour helps nobody.
constexpr int kPatience = 6;

void wait_for(milliseconds delay, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, delay, [] { return false; });
  base::throw_if_stopped(stop);
}

milliseconds backoff(const RetryPolicy& policy, int failures) {
  double delay = static_cast<double>(policy.first_delay.count());
  for (int i = 1; i < failures; ++i)
    delay = std::min(delay * 2, static_cast<double>(policy.longest_delay.count()));
  thread_local std::minstd_rand random(std::random_device{}());
  double jitter = std::uniform_real_distribution<double>(0.75, 1.25)(random);
  return milliseconds(static_cast<std::int64_t>(delay * jitter));
}

// RFC 9110, section 10.2.3: seconds, or a date.
std::optional<milliseconds> retry_after(const Response& response) {
  const std::string* value = response.header("retry-after");
  if (value == nullptr) return std::nullopt;
  std::int64_t seconds = 0;
  auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), seconds);
  if (error == std::errc() && end == value->data() + value->size()) {
    return milliseconds(std::clamp<std::int64_t>(seconds, 0, 1'000'000) * 1000);
  }
  std::optional<std::int64_t> date = parse_http_date(*value);
  if (!date) return std::nullopt;
  return milliseconds(std::max<std::int64_t>(0, *date - std::time(nullptr)) * 1000);
}

}  // namespace

bool is_retryable_status(int status) {
  return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

Response send_with_retry(const RetryPolicy& policy, const std::function<Response()>& attempt,
                         const std::function<void(const std::string&)>& on_retry,
                         const std::stop_token& stop) {
  for (int number = 1;; ++number) {
    base::throw_if_stopped(stop);
    bool last = number >= policy.attempts;
    std::string reason;
    milliseconds delay = backoff(policy, number);
    try {
      Response response = attempt();
      if (!is_retryable_status(response.status) || last) return response;
      if (auto asked = retry_after(response)) {
        if (*asked > policy.longest_delay * kPatience) return response;
        delay = std::max(delay, *asked);
      }
      reason = fmt::format("'{}' answered {}", redact_url(response.effective_url), response.status);
    } catch (const base::Error& error) {
      if (!error.is_retryable() || last) throw;
      reason = error.summary();
    }
    if (on_retry) {
      on_retry(fmt::format("{}; attempt {} of {} in {:.1f} s", reason, number + 1, policy.attempts,
                           static_cast<double>(delay.count()) / 1000));
    }
    wait_for(delay, stop);
  }
}

}  // namespace cooper::net
