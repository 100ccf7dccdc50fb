#include "registry/token_answer.h"

#include <gtest/gtest.h>

namespace cooper::registry {
namespace {

using std::chrono::seconds;

std::optional<TokenAnswer> read(std::string body, std::string date = "") {
  net::Response response;
  response.status = 200;
  response.body = std::move(body);
  if (!date.empty()) response.headers.emplace_back("date", std::move(date));
  return read_token_answer(response);
}

TEST(RegistryTokenAnswer, HasATokenUnderEitherName) {
  EXPECT_EQ(read(R"({"token":"a"})")->value, "a");
  EXPECT_EQ(read(R"({"access_token":"b"})")->value, "b");
  EXPECT_EQ(read(R"({"token":"","access_token":"b"})")->value, "b");
  for (const char* nothing : {"", "[]", "{}", R"({"token":7})", R"({"token":"a\nb"})", "<html>"}) {
    EXPECT_FALSE(read(nothing)) << nothing;
  }
}

TEST(RegistryTokenAnswer, LivesAsLongAsTheServerSays) {
  EXPECT_EQ(read(R"({"token":"a","expires_in":5})")->lifetime, seconds(5));
  EXPECT_EQ(read(R"({"token":"a","expires_in":300.0})")->lifetime, seconds(300));
  EXPECT_EQ(read(R"({"token":"a","expires_in":9999999999})")->lifetime, seconds(24 * 3600));
}

TEST(RegistryTokenAnswer, LivesAMinuteWhenTheServerSaysNothing) {
  for (const char* body :
       {R"({"token":"a"})", R"({"token":"a","expires_in":0})", R"({"token":"a","expires_in":-5})",
        R"({"token":"a","expires_in":"soon"})", R"({"token":"a","expires_in":null})"}) {
    EXPECT_EQ(read(body)->lifetime, seconds(60)) << body;
  }
}

TEST(RegistryTokenAnswer, CountsFromWhenItWasIssued) {
  const std::string body = R"({"token":"a","expires_in":300,"issued_at":"2026-01-02T03:04:05Z"})";
  EXPECT_EQ(read(body, "Fri, 02 Jan 2026 03:05:05 GMT")->lifetime, seconds(240));
}

TEST(RegistryTokenAnswer, ClocksThatContradictEachOtherSayNothing) {
  const std::string body = R"({"token":"a","expires_in":300,"issued_at":"2026-01-02T03:04:05Z"})";
  EXPECT_EQ(read(body, "Fri, 02 Jan 2026 03:00:00 GMT")->lifetime, seconds(300)) << "issued in the future";
  EXPECT_EQ(read(body, "Fri, 02 Jan 2026 04:00:00 GMT")->lifetime, seconds(300)) << "expired on arrival";
  EXPECT_EQ(read(R"({"token":"a","expires_in":300,"issued_at":"now"})")->lifetime, seconds(300));
}

}  // namespace
}  // namespace cooper::registry
