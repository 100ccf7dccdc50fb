#include "adapters/ci_plan.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "os/beneath.h"
#include "support/error_of.h"

namespace cooper::adapters {
namespace {

using support::error_of;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

auto is(const std::string& flag, const std::string& value) {
  return AllOf(Field(&Option::flag, flag), Field(&Option::value, value));
}
auto any(const std::string& flag) {
  return Field(&Option::flag, flag);
}

class AdaptersCiPlan : public ::testing::Test {
 protected:
  AdaptersCiPlan() {
    variables_ = {{"GITLAB_CI", "true"},
                  {"CI_COMMIT_SHA", "0123456789012345678901234567890123456789"},
                  {"CI_COMMIT_BRANCH", "main"},
                  {"CI_DEFAULT_BRANCH", "main"},
                  {"CI_COMMIT_REF_PROTECTED", "true"},
                  {"CI_PROJECT_PATH", "Group/App"},
                  {"CI_PROJECT_DIR", directory_.path()},
                  {"CI_REGISTRY_IMAGE", "r.example/Group/App"}};
  }
  CiPlan plan() {
    Job job{Variables(variables_), [this](const std::string& path) -> std::optional<std::string> {
              auto found = files_.find(path);
              return found == files_.end() ? std::nullopt : std::optional(found->second);
            }};
    CiPlan plan;
    plan_ci(request_, job, plan);
    return plan;
  }
  void write_project(const std::string& text) { files_[directory_.path() + "/.cooper.yml"] = text; }

  os::TempDir directory_{::testing::TempDir(), "plan-"};
  std::map<std::string, std::string> variables_;
  std::map<std::string, std::string> files_;
  CiRequest request_;
};

TEST_F(AdaptersCiPlan, ACacheOfItsOwnIsWrittenByTrust) {
  variables_["COOPER_CACHE"] = "type=s3,bucket=b";
  const auto of = [](const CiPlan& made, const std::string& flag) {
    std::vector<std::string> values;
    for (const Option& option : made.images.at(0).options)
      if (option.flag == flag) values.push_back(option.value);
    return values;
  };
  EXPECT_THAT(of(plan(), "--cache-to"), ElementsAre("type=s3,bucket=b,mode=max"));
  EXPECT_THAT(of(plan(), "--cache-from"), ElementsAre("type=s3,bucket=b"));
  variables_["CI_COMMIT_BRANCH"] = "topic";
  variables_["CI_COMMIT_REF_PROTECTED"] = "false";
  EXPECT_THAT(of(plan(), "--cache-to"),
              ElementsAre(AllOf(HasSubstr("type=s3,bucket=b,"), HasSubstr("scope="))));
  EXPECT_THAT(of(plan(), "--cache-from"), ElementsAre("type=s3,bucket=b,scope=branch-topic"));
  variables_["COOPER_FORK"] = "true";
  EXPECT_THAT(of(plan(), "--cache-to"), IsEmpty());
  variables_["COOPER_CACHE_TO"] = "type=local,dest=c";
  EXPECT_THAT(of(plan(), "--cache-to"), ElementsAre("type=local,dest=c"));
}

TEST_F(AdaptersCiPlan, OnlyTheCiLetsForksPush) {
  variables_["CI_MERGE_REQUEST_IID"] = "7";
  variables_["CI_COMMIT_REF_PROTECTED"] = "false";
  variables_["COOPER_FORK"] = "true";
  EXPECT_THAT(plan().images.at(0).options, Not(Contains(any("--push"))));
  variables_["COOPER_PUSH_FORKS"] = "true";
  EXPECT_THAT(plan().images.at(0).options, Contains(any("--push")));
  variables_["COOPER_PUSH_FORKS"] = "perhaps";
  EXPECT_THAT(error_of([&] { plan(); }).message(), HasSubstr("COOPER_PUSH_FORKS"));
}

TEST_F(AdaptersCiPlan, WithoutAFileTheCiSaysAll) {
  CiPlan made = plan();
  ASSERT_THAT(made.images, SizeIs(1));
  EXPECT_THAT(made.images[0].options, Contains(is("--tag", "r.example/group/app:latest")));
  EXPECT_THAT(made.images[0].options, Contains(is("--push", "true")));
  EXPECT_THAT(made.images[0].options, Not(Contains(any("context")))) << "it is the workspace";
}

TEST_F(AdaptersCiPlan, FlagsEnvironmentAndFileComeBeforeTheCi) {
  write_project("target: file\nnetwork: none\nplatforms: linux/amd64\nlabels: {a: file, b: file}\n");
  variables_["COOPER_TARGET"] = "environment";
  variables_["COOPER_NETWORK"] = "host";
  request_.arguments = {"--target", "flag", "--label", "a=flag"};
  std::vector<Option> options = plan().images[0].options;
  EXPECT_THAT(options, Contains(Option{"--target", "flag", "the command line"}));
  EXPECT_THAT(options, Contains(Option{"--network", "host", "$COOPER_NETWORK"}));
  EXPECT_THAT(options, Contains(Option{"--platform", "linux/amd64", ".cooper.yml:3"}));
  EXPECT_THAT(options, Contains(is("--label", "a=flag")));
  EXPECT_THAT(options, Contains(is("--label", "b=file")));
}

TEST_F(AdaptersCiPlan, PathsAreTheRepositorysAndBareTagsTheImages) {
  write_project("context: app\ndockerfile: app/Dockerfile.prod\ntags: [edge, other.example/x:1]\n");
  std::vector<Option> options = plan().images[0].options;
  EXPECT_THAT(options, Contains(is("context", directory_.path() + "/app")));
  EXPECT_THAT(options, Contains(is("--file", directory_.path() + "/app/Dockerfile.prod")));
  EXPECT_THAT(options, Contains(is("--tag", "r.example/group/app:edge")));
  EXPECT_THAT(options, Contains(is("--tag", "other.example/x:1")));
  EXPECT_THAT(options, Not(Contains(is("--tag", "r.example/group/app:latest"))));
}

TEST_F(AdaptersCiPlan, SeveralImagesHaveNamesOfTheirOwn) {
  write_project("images: {api: {}, worker: {image: r.example/elsewhere}}\n");
  CiPlan made = plan();
  ASSERT_THAT(made.images, SizeIs(2));
  EXPECT_THAT(made.images[0].options, Contains(is("--tag", "r.example/group/app/api:main")));
  EXPECT_THAT(made.images[1].options, Contains(is("--tag", "r.example/elsewhere:main")));
  variables_["COOPER_IMAGES"] = "worker";
  EXPECT_THAT(plan().images, SizeIs(1));
  request_.images = {"none"};
  EXPECT_THAT(error_of([&] { plan(); }).hint(), HasSubstr("api, worker"));
}

TEST_F(AdaptersCiPlan, ThePlatformsAuthorityIsTrusted) {
  variables_["CI_SERVER_TLS_CA_FILE"] = "/builds/ca.crt";
  EXPECT_THAT(plan().images[0].options,
              Contains(Option{"--registry-ca", "/builds/ca.crt", "CI_SERVER_TLS_CA_FILE"}));
  variables_["COOPER_REGISTRY_CA"] = "other.pem";
  EXPECT_THAT(plan().images[0].options, Not(Contains(any("--registry-ca"))));
}

TEST_F(AdaptersCiPlan, NothingIsPushedWhenThatIsAskedFor) {
  request_.no_push = true;
  EXPECT_THAT(plan().images[0].options, Not(Contains(any("--push"))));
}

TEST_F(AdaptersCiPlan, WithoutARegistryItSaysSo) {
  variables_.erase("CI_REGISTRY_IMAGE");
  CiPlan made = plan();
  EXPECT_THAT(made.images[0].options, Not(Contains(any("--push"))));
  EXPECT_THAT(made.notes, Contains(HasSubstr("COOPER_IMAGE_BASE")));
  variables_["COOPER_IMAGE_BASE"] = "r.example/Other";
  EXPECT_THAT(plan().images[0].options, Contains(is("--tag", "r.example/other:main")));
}

TEST_F(AdaptersCiPlan, AFileThatIsNamedMustBeThere) {
  EXPECT_NO_THROW(plan());
  variables_["COOPER_PROJECT"] = "ci/cooper.yml";
  EXPECT_THAT(error_of([&] { plan(); }).message(), HasSubstr("ci/cooper.yml"));
}

TEST_F(AdaptersCiPlan, WhatWasFoundBeforeAnErrorIsKept) {
  write_project("nonsense: 1\n");
  Job job{Variables(variables_),
          [&](const std::string&) { return std::optional<std::string>("nonsense: 1\n"); }};
  CiPlan made;
  EXPECT_THROW(plan_ci(request_, job, made), base::Error);
  ASSERT_NE(made.adapter, nullptr);
  EXPECT_EQ(made.record.workspace, directory_.path());
}

}  // namespace
}  // namespace cooper::adapters
