#include "access/host_variables.h"

#include <gmock/gmock.h>

namespace cooper::access {
namespace {

using ::testing::ElementsAre;

TEST(AccessHostVariables, AreNamedAfterTheHost) {
  HostVariables variables({{"KANIKO_MY_REGISTRY_EXAMPLE_COM_5000_USER", "me"},
                           {"KANIKO_MY_REGISTRY_EXAMPLE_COM_5000_PASSWORD", "secret"}});
  const auto found = variables.find("my-registry.example.com:5000", "app", {}).found;
  ASSERT_TRUE(found);
  EXPECT_EQ(found->username, "me");
  EXPECT_EQ(found->password, "secret");
  EXPECT_EQ(found->source, "$KANIKO_MY_REGISTRY_EXAMPLE_COM_5000_PASSWORD");
}

TEST(AccessHostVariables, HalfALoginIsNone) {
  HostVariables variables(std::map<std::string, std::string>{{"KANIKO_R_EXAMPLE_USER", "me"}});
  const registry::CredentialSearch search = variables.find("r.example", "app", {});
  EXPECT_EQ(search.found, std::nullopt);
  EXPECT_THAT(search.tried, ElementsAre("KANIKO_R_EXAMPLE_USER and KANIKO_R_EXAMPLE_PASSWORD are not set"));
}

}  // namespace
}  // namespace cooper::access
