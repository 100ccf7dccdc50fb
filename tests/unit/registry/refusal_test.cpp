#include "registry/refusal.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "fixtures.h"
#include "support/error_of.h"
#include "support/fake_registry.h"

namespace cooper::registry {
namespace {

using ::testing::HasSubstr;

net::Response refusal(const std::string& name) {
  net::Response response;
  response.status = 404;
  response.body = R"({"errors":[{"code":"NAME_UNKNOWN","message":"The repository with name ')" + name +
                  R"(' does not exist in the registry with id '123456789012'"}]})";
  return response;
}

TEST(RegistryRefusal, EcrsMissingRepositoryHasACure) {
  EXPECT_EQ(refusal_hint(refusal("team/app"), "123456789012.dkr.ecr.eu-west-1.amazonaws.com"),
            "make it first: aws ecr create-repository --repository-name team/app");
  EXPECT_EQ(refusal_hint(refusal("app"), "public.ecr.aws"),
            "make it first: aws ecr-public create-repository --repository-name app");
}

// Hints are pasted into shells.
TEST(RegistryRefusal, ARegistrysWordsDoNotBecomeACommand) {
  for (const char* name : {"", "a; rm -rf ~", "$(id)", "-x", "a'b", "a b", "A"})
    EXPECT_EQ(refusal_hint(refusal(name), "r.example"), "") << name;
  net::Response other;
  for (const char* body : {"", "The repository with name 'x", "' does not exist in the registry",
                           "' does not exist in the registry The repository with name '"}) {
    other.body = body;
    EXPECT_EQ(refusal_hint(other, "r.example"), "") << body;
  }
}

TEST(RegistryRefusal, APushSaysIt) {
  testing::FakeRegistry registry;
  registry.server().before([](const testing::FakeRequest& request) -> std::optional<testing::FakeReply> {
    if (request.method != "POST") return std::nullopt;
    return testing::FakeReply{404, {}, refusal("team/app").body};
  });
  const base::Error error = support::error_of(
      [&] { client()->push_blob(reference(registry.host(), "team/app"), blob_of("bytes"), {}); });
  EXPECT_THAT(error.summary(), HasSubstr("does not exist in the registry"));
  EXPECT_THAT(error.hint(), HasSubstr("aws ecr create-repository --repository-name team/app"));
}

}  // namespace
}  // namespace cooper::registry
