#include "registry/push_check.h"

#include <gmock/gmock.h>

#include "fixtures.h"
#include "support/error_of.h"
#include "support/fake_registry.h"

namespace cooper::registry {

namespace {

using support::error_of;
using testing::fail_times;
using testing::FakeRegistry;
using testing::FakeTokenServer;
using ::testing::HasSubstr;
using testing::refusal;

class RegistryPushCheck : public ::testing::Test {
 protected:
  oci::Reference target() const { return reference(fake_.host(), "team/app"); }
  base::Error failure(const std::shared_ptr<Client>& client) {
    return error_of([&] { client->check_push(target(), {}); });
  }
  FakeRegistry fake_;
};

TEST_F(RegistryPushCheck, LeavesNoUploadBehind) {
  client()->check_push(target(), {});
  EXPECT_EQ(fake_.server().count("POST", "/v2/team/app/blobs/uploads/"), 1U);
  EXPECT_EQ(fake_.server().count("DELETE", "/v2/team/app/blobs/uploads/"), 1U);
  EXPECT_EQ(fake_.open_uploads(), 0U);
}

TEST_F(RegistryPushCheck, AsksWithTheScopeOfThePush) {
  FakeTokenServer tokens;
  fake_.require_token(tokens.realm());
  std::shared_ptr<Client> pusher = client();
  pusher->check_push(target(), {});
  pusher->push_blob(target(), blob_of("layer"), {});
  ASSERT_EQ(tokens.server().requests().size(), 1U);
  EXPECT_EQ(tokens.server().requests()[0].query["scope"], "repository:team/app:pull,push");
}

TEST_F(RegistryPushCheck, SaysWhoWasRefusedAndWhatTheRegistrySaid) {
  fake_.server().before(
      fail_times(9, "POST", "uploads", refusal(403, "DENIED", "this project is read only")));
  base::Error error = failure(client(user("ci", "hunter2")));
  EXPECT_EQ(error.kind(), base::ErrorKind::kAuth);
  EXPECT_THAT(error.summary(), HasSubstr("this project is read only"));
  EXPECT_THAT(error.summary(), HasSubstr("as 'ci' of the test"));
  EXPECT_THAT(error.summary(), HasSubstr(fake_.host() + "/team/app"));
  EXPECT_THAT(error.render(), Not(HasSubstr("hunter2")));
}

TEST_F(RegistryPushCheck, SaysThatThereIsNoSuchRepository) {
  fake_.server().before(fail_times(9, "POST", "uploads", refusal(404, "NAME_UNKNOWN", "no such repository")));
  base::Error error = failure(client());
  EXPECT_EQ(error.kind(), base::ErrorKind::kRegistry);
  EXPECT_THAT(error.summary(), HasSubstr("no such repository"));
}

TEST_F(RegistryPushCheck, ASessionThatCannotBeAbandonedIsNoFailure) {
  fake_.server().before(fail_times(9, "DELETE", "uploads", refusal(405, "UNSUPPORTED", "no")));
  EXPECT_NO_THROW(client()->check_push(target(), {}));
}

}  // namespace

}  // namespace cooper::registry
