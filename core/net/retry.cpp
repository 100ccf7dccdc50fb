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

}  // namespace

bool is_retryable_status(int status) {
  return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

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

bool Retries::again(const Response& response, const std::stop_token& stop) {
  milliseconds asked = retry_after(response).value_or(milliseconds(0));
  if (asked > policy_.patience()) return false;
  return wait(fmt::format("'{}' answered {}", redact_url(response.effective_url), response.status), asked,
              stop);
}

bool Retries::again(const base::Error& error, const std::stop_token& stop) {
  return wait(error.summary(), milliseconds(0), stop);
}

bool Retries::wait(const std::string& reason, milliseconds at_least, const std::stop_token& stop) {
  if (++failures_ >= policy_.attempts) return false;
  milliseconds delay = std::max(backoff(policy_, failures_), at_least);
  if (on_retry_) {
    on_retry_(fmt::format("{}; attempt {} of {} in {:.1f} s", reason, failures_ + 1, policy_.attempts,
                          static_cast<double>(delay.count()) / 1000));
  }
  wait_for(delay, stop);
  return true;
}

Response send_with_retry(const RetryPolicy& policy, const std::function<Response()>& attempt,
                         const std::function<void(const std::string&)>& on_retry,
                         const std::stop_token& stop) {
  Retries retries(policy, on_retry);
  while (true) {
    base::throw_if_stopped(stop);
    try {
      Response response = attempt();
      if (!is_retryable_status(response.status) || !retries.again(response, stop)) return response;
    } catch (const base::Error& error) {
      if (!error.is_retryable() || !retries.again(error, stop)) throw;
    }
  }
}

}  // namespace cooper::net
