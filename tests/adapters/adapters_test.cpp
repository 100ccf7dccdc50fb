// How an adapter is chosen.
#include <gmock/gmock.h>

#include "support/adapter_job.h"

namespace cooper::adapters {
namespace {

using ::testing::HasSubstr;

std::string chosen(const Environment& environment) {
  const Adapter* adapter = choose_adapter("auto", Variables(environment));
  return adapter == nullptr ? "none" : std::string(adapter->name());
}

TEST(AdaptersChoice, IsByWhatEachPlatformAlwaysSets) {
  EXPECT_EQ(chosen({{"GITLAB_CI", "true"}}), "gitlab");
  EXPECT_EQ(chosen({{"CIRCLECI", "true"}}), "circleci");
  EXPECT_EQ(chosen({{"BUILDER_OUTPUT", "/builder/outputs"}}), "cloudbuild");
  EXPECT_EQ(chosen({{"CODEBUILD_BUILD_ARN", "arn:aws:codebuild:x:123456789012:build/p:1"}}), "codebuild");
  EXPECT_EQ(chosen({{"JENKINS_URL", "https://jenkins.example.com/"}}), "jenkins");
  EXPECT_EQ(chosen({{"CI", "true"}, {"CIRCLECI", ""}}), "none");
}

// A job of Jenkins that was started for another platform's run may have that one's variables, not the
// reverse.
TEST(AdaptersChoice, TheMostTellingVariableWins) {
  EXPECT_EQ(chosen({{"JENKINS_URL", "https://x/"}, {"GITLAB_CI", "true"}}), "gitlab");
  EXPECT_EQ(chosen({{"CODEBUILD_BUILD_ARN", "arn"}, {"BUILDER_OUTPUT", "/x"}}), "codebuild");
}

TEST(AdaptersChoice, EachNamesItsSettingForCredentials) {
  const std::map<std::string_view, const char*> settings = {
      {"gitlab", "Job token permissions"}, {"circleci", "Contexts"},   {"cloudbuild", "serviceAccount"},
      {"codebuild", "Service role"},       {"jenkins", "Credentials"},
  };
  for (const auto& adapter : all_adapters()) {
    const std::string said(adapter->credentials_setting());
    EXPECT_THAT(said, HasSubstr(settings.at(adapter->name())));
    EXPECT_EQ(said.find('\n'), std::string::npos);
  }
}

TEST(AdaptersChoice, IsByNameWhereTheNameIsGiven) {
  for (const auto& adapter : all_adapters())
    EXPECT_EQ(choose_adapter(std::string(adapter->name()), Variables(Environment())), adapter.get());
  EXPECT_EQ(all_adapters().size(), 5U);
}

TEST(AdaptersChoice, AnUnknownNameIsRefusedWithTheNearest) {
  const auto refused = [](const char* name) {
    return support::error_of([&] { choose_adapter(name, Variables(Environment())); });
  };
  EXPECT_EQ(refused("gitlap").kind(), base::ErrorKind::kUsage);
  EXPECT_THAT(refused("gitlap").hint(), HasSubstr("gitlab"));
  EXPECT_THAT(refused("travis").message(), HasSubstr("'travis'"));
  EXPECT_THAT(refused("travis").hint(), HasSubstr("auto, gitlab, circleci, codebuild, cloudbuild, jenkins"));
}

}  // namespace
}  // namespace cooper::adapters
