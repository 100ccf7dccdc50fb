#include "access/kept_credentials.h"

#include <atomic>
#include <future>
#include <gmock/gmock.h>
#include <thread>

#include "base/error.h"

namespace cooper::access {
namespace {

using ::testing::ElementsAre;

KeptCredential credential(const std::string& password) {
  KeptCredential kept;
  kept.credential.password = password;
  return kept;
}

struct Kept {
  cloud::TimePoint now;
  KeptCredentials kept{[this] { return now; }};
};

TEST(AccessKeptCredentials, OneThreadFetchesForAll) {
  Kept k;
  std::atomic<int> fetches = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        auto search = k.kept.get("key",
                                 [&](const std::stop_token&) {
                                   ++fetches;
                                   return credential("p");
                                 },
                                 {});
        EXPECT_EQ(search.found->password, "p");
      });
    }
  }
  EXPECT_EQ(fetches, 1);
}

TEST(AccessKeptCredentials, KeysDoNotWaitForOneAnother) {
  Kept k;
  std::promise<void> begun;
  std::promise<void> release;
  std::jthread slow([&] {
    k.kept.get("slow",
               [&](const std::stop_token&) {
                 begun.set_value();
                 release.get_future().wait();
                 return credential("slow");
               },
               {});
  });
  begun.get_future().wait();
  // Would never return if it waited.
  EXPECT_EQ(
      k.kept.get("quick", [](const std::stop_token&) { return credential("quick"); }, {}).found->password,
      "quick");
  release.set_value();
}

TEST(AccessKeptCredentials, AFailureIsRememberedForAMinute) {
  Kept k;
  int fetches = 0;
  auto fail = [&](const std::stop_token&) -> KeptCredential {
    ++fetches;
    throw base::Error(base::ErrorKind::kAuth, "nobody home");
  };
  EXPECT_THAT(k.kept.get("key", fail, {}).tried, ElementsAre("nobody home"));
  EXPECT_THAT(k.kept.get("key", fail, {}).tried, ElementsAre("nobody home"));
  EXPECT_EQ(fetches, 1);
  k.now += std::chrono::minutes(2);
  k.kept.get("key", fail, {});
  EXPECT_EQ(fetches, 2);
  k.kept.forget("key");
  k.kept.get("key", fail, {});
  EXPECT_EQ(fetches, 3);
}

TEST(AccessKeptCredentials, GivingUpIsNoFailure) {
  Kept k;
  auto cancel = [](const std::stop_token&) -> KeptCredential {
    throw base::Error(base::ErrorKind::kCancelled, "stopped");
  };
  EXPECT_THROW(k.kept.get("key", cancel, {}), base::Error);
  EXPECT_TRUE(k.kept.get("key", [](const std::stop_token&) { return credential("p"); }, {}).found);
}

}  // namespace
}  // namespace cooper::access
