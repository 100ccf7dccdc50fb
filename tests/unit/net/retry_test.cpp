#include "net/retry.h"

#include <gtest/gtest.h>
#include <thread>

#include "base/error.h"

namespace cooper::net {

namespace {

RetryPolicy quick() {
  RetryPolicy policy;
  policy.attempts = 3;
  policy.first_delay = std::chrono::milliseconds(1);
  policy.longest_delay = std::chrono::milliseconds(2);
  return policy;
}

Response status(int code, Headers headers = {}) {
  Response response;
  response.status = code;
  response.headers = std::move(headers);
  return response;
}

base::Error dropped() {
  return base::Error(base::ErrorKind::kRegistry, "connection reset").retryable();
}

}  // namespace

TEST(NetRetry, TriesAgainWhatMayPass) {
  int calls = 0;
  std::vector<std::string> heard;
  Response response = send_with_retry(
      quick(),
      [&] {
        ++calls;
        if (calls == 1) throw dropped();
        return status(calls == 2 ? 503 : 200);
      },
      [&](const std::string& line) { heard.push_back(line); }, {});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(calls, 3);
  ASSERT_EQ(heard.size(), 2U);
  EXPECT_NE(heard[0].find("connection reset"), std::string::npos) << heard[0];
  EXPECT_NE(heard[1].find("503"), std::string::npos) << heard[1];
}

TEST(NetRetry, GivesTheLastOutcomeWhenAttemptsAreUsedUp) {
  int calls = 0;
  EXPECT_EQ(send_with_retry(quick(), [&] { return ++calls, status(503); }, {}, {}).status, 503);
  EXPECT_EQ(calls, 3);
  calls = 0;
  EXPECT_THROW(send_with_retry(quick(),
                               [&]() -> Response {
                                 ++calls;
                                 throw dropped();
                               },
                               {}, {}),
               base::Error);
  EXPECT_EQ(calls, 3);
}

TEST(NetRetry, LeavesFinalOutcomesAlone) {
  int calls = 0;
  EXPECT_EQ(send_with_retry(quick(), [&] { return ++calls, status(404); }, {}, {}).status, 404);
  EXPECT_EQ(calls, 1);
  auto corrupt = [&]() -> Response {
    ++calls;
    throw base::Error(base::ErrorKind::kCorrupt, "lie");
  };
  EXPECT_THROW(send_with_retry(quick(), corrupt, {}, {}), base::Error);
  EXPECT_EQ(calls, 2);
}

TEST(NetRetry, WaitsAsLongAsTheServerAsks) {
  RetryPolicy policy = quick();
  policy.longest_delay = std::chrono::seconds(2);
  int calls = 0;
  auto begin = std::chrono::steady_clock::now();
  send_with_retry(policy,
                  [&] {
                    return ++calls == 1 ? status(429, {{"retry-after", "1"}}) : status(200);
                  },
                  {}, {});
  EXPECT_EQ(calls, 2);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
}

TEST(NetRetry, DoesNotWaitForHours) {
  int calls = 0;
  Response response = send_with_retry(quick(),
                                      [&] {
                                        return ++calls, status(429, {{"retry-after", "3600"}});
                                      },
                                      {}, {});
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(calls, 1);
}

TEST(NetRetry, StopsWaitingWhenAsked) {
  RetryPolicy policy = quick();
  policy.first_delay = policy.longest_delay = std::chrono::hours(1);
  std::stop_source source;
  std::jthread stopper;
  auto attempt = [&] {
    stopper = std::jthread([&] { source.request_stop(); });
    return status(503);
  };
  try {
    send_with_retry(policy, attempt, {}, source.get_token());
    FAIL() << "it went on";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kCancelled);
  }
}

}  // namespace cooper::net
