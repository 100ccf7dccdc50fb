#include "registry/login_check.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "fixtures.h"
#include "support/error_of.h"
#include "support/fake_registry.h"

namespace cooper::registry {
namespace {

using support::error_of;
using testing::FakeRegistry;
using testing::FakeReply;
using testing::FakeRequest;
using testing::FakeTokenServer;
using ::testing::HasSubstr;
using ::testing::Not;

Credential login(const std::string& user, const std::string& password) {
  Credential credential;
  credential.username = user;
  credential.password = password;
  credential.source = "this login";
  return credential;
}

void check(const std::string& host, const Credential& credential) {
  check_login(http_client(), quick_options(), host, credential, {});
}

TEST(RegistryLoginCheck, TakesTheRightPassword) {
  FakeRegistry registry;
  registry.require_basic("ci", "p:$+");
  EXPECT_NO_THROW(check(registry.host(), login("ci", "p:$+")));
  EXPECT_EQ(registry.server().requests().back().header("authorization"),
            testing::basic_authorization("ci", "p:$+"));
  EXPECT_EQ(registry.server().requests().back().target, "/v2/");
}

TEST(RegistryLoginCheck, RefusesTheWrongOne) {
  FakeRegistry registry;
  registry.require_basic("ci", "right");
  const base::Error error = error_of([&] { check(registry.host(), login("ci", "opensesame")); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kAuth);
  EXPECT_THAT(error.summary(), HasSubstr("log in to '" + registry.host() + "'"));
  EXPECT_THAT(error.summary(), HasSubstr("as 'ci' of this login"));
  EXPECT_THAT(error.render(), Not(HasSubstr("opensesame")));
}

TEST(RegistryLoginCheck, AsksTheTokenServer) {
  FakeRegistry registry;
  FakeTokenServer tokens;
  tokens.require_basic("robot$team", "right");
  registry.require_token(tokens.realm());
  EXPECT_NO_THROW(check(registry.host(), login("robot$team", "right")));
  ASSERT_FALSE(tokens.server().requests().empty());
  const FakeRequest asked = tokens.server().requests().back();
  EXPECT_EQ(asked.header("authorization"), testing::basic_authorization("robot$team", "right"));
  EXPECT_EQ(asked.query.count("scope"), 0U);
  EXPECT_EQ(error_of([&] { check(registry.host(), login("robot$team", "wrong")); }).kind(),
            base::ErrorKind::kAuth);
}

TEST(RegistryLoginCheck, KnowsWhatIsNoRegistry) {
  testing::FakeServer server([](const FakeRequest&) { return FakeReply{404, {}, "nothing"}; });
  const base::Error error = error_of([&] { check(server.host(), login("ci", "p")); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kRegistry);
  EXPECT_THAT(error.hint(), HasSubstr("registry's host"));
}

}  // namespace
}  // namespace cooper::registry
