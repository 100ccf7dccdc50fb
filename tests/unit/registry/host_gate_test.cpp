#include "registry/host_gate.h"

#include <atomic>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

#include "base/error.h"
#include "fixtures.h"
#include "support/error_of.h"
#include "support/fake_registry.h"

namespace cooper::registry {
namespace {

using std::chrono::milliseconds;
using support::error_of;
using testing::FakeRegistry;
using testing::FakeReply;
using testing::FakeRequest;

TEST(RegistryHostGate, LetsInAsManyAsItsLimit) {
  HostGate gate(3);
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 12; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < 50; ++round) {
          HostGate::Pass pass = gate.enter("r", {});
          int now = ++inside;
          int seen = most;
          while (seen < now && !most.compare_exchange_weak(seen, now)) {
          }
          --inside;
        }
      });
    }
  }
  EXPECT_LE(most, 3);
  EXPECT_EQ(inside, 0);
}

TEST(RegistryHostGate, CountsEachHostByItself) {
  HostGate gate(1);
  HostGate::Pass first = gate.enter("a", {});
  HostGate::Pass second = gate.enter("b", {});
  first.reset();
  gate.enter("a", {});
}

TEST(RegistryHostGate, WaitingEndsWithAStop) {
  HostGate gate(1);
  HostGate::Pass pass = gate.enter("r", {});
  std::stop_source source;
  std::jthread stopper([&] { source.request_stop(); });
  EXPECT_EQ(error_of([&] { gate.enter("r", source.get_token()); }).kind(), base::ErrorKind::kCancelled);
}

TEST(RegistryHostGate, APauseIsForEverybodyOfThatHost) {
  HostGate gate(4);
  gate.pause("r", std::chrono::hours(1));
  gate.pause("r", milliseconds(0));  // does not shorten the other one
  gate.enter("other", {});
  std::stop_source source;
  std::jthread stopper([&] { source.request_stop(); });
  EXPECT_EQ(error_of([&] { gate.enter("r", source.get_token()); }).kind(), base::ErrorKind::kCancelled);
}

TEST(RegistryHostGate, OpensAgain) {
  HostGate gate(1);
  const auto begin = std::chrono::steady_clock::now();
  gate.pause("r", milliseconds(30));
  gate.enter("r", {});
  EXPECT_GE(std::chrono::steady_clock::now() - begin, milliseconds(30));
}

TEST(RegistryHostGate, TriesWithoutWaiting) {
  HostGate gate(1);
  std::optional<HostGate::Pass> first = gate.try_enter("r");
  EXPECT_TRUE(first);
  EXPECT_FALSE(gate.try_enter("r"));
  first.reset();
  EXPECT_TRUE(gate.try_enter("r"));
}

TEST(RegistryHostGate, APassMayOutliveTheGate) {
  HostGate::Pass pass;
  {
    HostGate gate(1);
    pass = gate.enter("r", {});
  }
  pass.reset();
}

// One thread hears "429, in a second"; the others do not ask before that second is over either.
TEST(RegistryHostGate, ARateLimitHoldsBackTheWholeClient) {
  FakeRegistry registry;
  oci::Descriptor blob = registry.add_blob("app", "blob");
  using Clock = std::chrono::steady_clock;
  std::mutex mutex;
  Clock::time_point refused_at;
  std::vector<Clock::time_point> asked;
  registry.server().before([&](const FakeRequest&) -> std::optional<FakeReply> {
    std::scoped_lock lock(mutex);
    if (refused_at == Clock::time_point()) {
      refused_at = Clock::now();
      return testing::refusal(429, "TOOMANYREQUESTS", "slow down").with("Retry-After", "1");
    }
    asked.push_back(Clock::now());
    return std::nullopt;
  });
  ClientOptions options = quick_options();
  options.retry.longest_delay = std::chrono::seconds(1);
  options.requests_per_host = 1;  // so that the first has its answer before the second asks
  auto client = Client::create(http_client(), nullptr, options);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back(
          [&] { EXPECT_TRUE(client->has_blob(reference(registry.host(), "app"), blob.digest, {})); });
    }
  }
  ASSERT_EQ(asked.size(), 4U);
  for (Clock::time_point at : asked) EXPECT_GE(at - refused_at, milliseconds(990));
}

TEST(RegistryHostGate, AClientAsksNoMoreAtOnceThanItMay) {
  FakeRegistry registry;
  oci::Descriptor blob = registry.add_blob("app", "blob");
  ClientOptions options = quick_options();
  options.requests_per_host = 2;
  auto client = Client::create(http_client(), nullptr, options);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 12; ++i) {
      threads.emplace_back([&] {
        auto source = client->open_blob(reference(registry.host(), "app"), blob, {});
        EXPECT_EQ(read(*source), "blob");
      });
    }
  }
  EXPECT_LE(registry.server().most_at_once(), 2U);
}

// Uploads that read from the same registry, more of them than there may be at a time: none waits for another
// one's end.
TEST(RegistryHostGate, CopiesWithinOneRegistryComeToAnEnd) {
  FakeRegistry registry;
  std::vector<oci::Descriptor> blobs;
  for (int i = 0; i < 24; ++i) blobs.push_back(registry.add_blob("from", std::to_string(i) + noise(100'000)));
  auto client = registry::client();
  {
    std::vector<std::jthread> threads;
    for (const oci::Descriptor& descriptor : blobs) {
      threads.emplace_back([&] {
        PushBlob blob;
        blob.descriptor = descriptor;
        blob.open = [&] { return client->open_blob(reference(registry.host(), "from"), descriptor, {}); };
        EXPECT_EQ(client->push_blob(reference(registry.host(), "to"), blob, {}), BlobPush::kUploaded);
      });
    }
  }
  for (const oci::Descriptor& blob : blobs) EXPECT_TRUE(registry.has_blob("to", blob.digest));
}

// All are begun before the first byte of any: as for a layer that goes to many repositories.
TEST(RegistryHostGate, StreamsDoNotWaitForEachOther) {
  FakeRegistry registry;
  auto client = registry::client();
  const std::string content = noise(3'000'000);
  std::vector<std::unique_ptr<BlobUpload>> uploads;
  for (int i = 0; i < 30; ++i) {
    uploads.push_back(client->begin_upload(reference(registry.host(), "app" + std::to_string(i)), {}));
  }
  EXPECT_NE(uploads.front(), nullptr);
  EXPECT_EQ(uploads.back(), nullptr);
  EXPECT_EQ(client->push_blob(reference(registry.host(), "other"), blob_of("meanwhile"), {}),
            BlobPush::kUploaded);
  for (auto& upload : uploads) {
    if (!upload) continue;
    upload->write(std::as_bytes(std::span(content)));
    EXPECT_TRUE(upload->commit(base::sha256(content)));
  }
  uploads.clear();
  EXPECT_NE(client->begin_upload(reference(registry.host(), "app"), {}), nullptr);
}

}  // namespace
}  // namespace cooper::registry
