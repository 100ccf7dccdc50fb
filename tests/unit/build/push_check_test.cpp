#include "build/push_check.h"

#include <gmock/gmock.h>

#include "support/error_of.h"
#include "support/fake_client.h"

namespace cooper::build {
namespace {

using support::error_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::vector<oci::Reference> names(const std::vector<std::string>& texts) {
  std::vector<oci::Reference> references;
  for (const std::string& text : texts) references.push_back(oci::Reference::parse(text));
  return references;
}

TEST(BuildPushCheck, AsksOnceForEachRepository) {
  auto client = std::make_shared<support::FakeClient>();
  PushCheck check(names({"r.example/a:1", "r.example/a:2", "r.example/b:1", "other.example/a:1"}), client,
                  {});
  check.wait();
  EXPECT_THAT(client->asked,
              UnorderedElementsAre("push r.example/a", "push r.example/b", "push other.example/a"));
}

TEST(BuildPushCheck, AsksNobodyWhenNothingIsPushed) {
  auto client = std::make_shared<support::FakeClient>();
  PushCheck check({}, client, {});
  check.wait();
  EXPECT_THAT(client->asked, IsEmpty());
}

TEST(BuildPushCheck, ARefusalSaysThatNothingWasBuilt) {
  auto client = std::make_shared<support::FakeClient>();
  client->refuses_pushes = true;
  PushCheck check(names({"r.example/a:1"}), client, {});
  base::Error error = error_of([&] { check.wait(); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kAuth);
  EXPECT_THAT(error.trail(), ElementsAre("nothing was built: the image could not be pushed"));
}

// Answers only once it is told to stop.
class SilentClient final : public support::FakeClient {
 public:
  void check_push(const oci::Reference&, const std::stop_token& stop) override {
    std::mutex nobody;
    std::unique_lock lock(nobody);
    std::condition_variable_any never;
    never.wait(lock, stop, [] { return false; });
    throw base::Error(base::ErrorKind::kCancelled, "stopped");
  }
};

TEST(BuildPushCheck, ABuildThatFailsFirstDoesNotWait) {
  PushCheck check(names({"r.example/a:1"}), std::make_shared<SilentClient>(), {});
}

TEST(BuildPushCheck, StopsWhenItIsTold) {
  std::stop_source stop;
  PushCheck check(names({"r.example/a:1"}), std::make_shared<SilentClient>(), stop.get_token());
  stop.request_stop();
  EXPECT_EQ(error_of([&] { check.wait(); }).kind(), base::ErrorKind::kCancelled);
}

}  // namespace
}  // namespace cooper::build
