#include "build/call.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>

#include "support/error_of.h"
#include "support/fake_client.h"
#include "support/fake_launcher.h"

namespace cooper::build {
namespace {

using support::error_of;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A directory with a Dockerfile, and a registry that has no image at all.
class BuildCall : public testing::Test {
 protected:
  BuildCall() {
    std::filesystem::create_directory(path("context"));
    tools_.store = store::Store::open(path("store"));
    tools_.registry = client_;
    tools_.events = &events_;
    request_.context = path("context");
  }
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  CallAnswer call(CallMethod method, const std::string& dockerfile) {
    std::ofstream(path("context/Dockerfile")) << dockerfile;
    return run_call(method, request_, tools_, {});
  }
  dockerfile::CheckResult check(const std::string& dockerfile) {
    return std::get<dockerfile::CheckResult>(call(CallMethod::kCheck, dockerfile).answer);
  }
  static std::vector<std::string> rules(const dockerfile::CheckResult& result) {
    std::vector<std::string> rules;
    for (const dockerfile::LintWarning& warning : result.warnings) rules.push_back(warning.rule);
    return rules;
  }

  os::TempDir directory_{testing::TempDir(), "call-"};
  std::shared_ptr<support::FakeClient> client_ = std::make_shared<support::FakeClient>();
  support::RecordedEvents events_;
  Toolbox tools_;
  BuildRequest request_;
};

constexpr const char* kTwoStages = "FROM scratch AS One\nFROM scratch\nCMD two\nCOPY missing /\nRUN true\n";

TEST_F(BuildCall, ACheckLooksAtEveryStageUnlessATargetIsNamed) {
  EXPECT_THAT(rules(check(kTwoStages)), ElementsAre("StageNameCasing", "JSONArgsRecommended"));
  request_.target = "one";
  EXPECT_THAT(rules(check(kTwoStages)), ElementsAre("StageNameCasing"));
  EXPECT_THAT(client_->asked, IsEmpty());
}

TEST_F(BuildCall, PlatformsShareTheirFindings) {
  request_.platforms = {oci::parse_platform("linux/amd64"), oci::parse_platform("linux/arm64")};
  EXPECT_THAT(rules(check("FROM scratch AS One\n")), ElementsAre("StageNameCasing"));
}

TEST_F(BuildCall, ABaseThatCannotBeHadIsTheChecksError) {
  dockerfile::CheckResult result = check("FROM scratch AS One\nFROM r.example/gone:1\nCMD x\n");
  EXPECT_THAT(rules(result), ElementsAre("StageNameCasing"));
  ASSERT_TRUE(result.error);
  EXPECT_THAT(result.error->render(), HasSubstr("Dockerfile:2:6: image 'r.example/gone:1' does not exist"));
  EXPECT_THAT(client_->asked, ElementsAre("resolve r.example/gone:1"));
}

TEST_F(BuildCall, ATargetThatNeedsNoBaseAsksForNone) {
  request_.target = "one";
  EXPECT_FALSE(check("FROM scratch AS one\nFROM r.example/gone:1\n").error);
  EXPECT_THAT(client_->asked, IsEmpty());
}

TEST_F(BuildCall, TargetsAskForNoBase) {
  CallAnswer answer = call(CallMethod::kTargets, "FROM r.example/gone:1 AS a\nFROM a AS b\n");
  auto targets = std::get<std::vector<dockerfile::Target>>(answer.answer);
  ASSERT_EQ(targets.size(), 2U);
  EXPECT_EQ(targets[1].name, "b");
  EXPECT_THAT(client_->asked, IsEmpty());
  EXPECT_EQ(answer.filename, path("context/Dockerfile"));
}

TEST_F(BuildCall, AnOutlineKnowsTheBuildArguments) {
  request_.build_args = {{"V", "2"}};
  CallAnswer answer = call(CallMethod::kOutline, "ARG V=1\nFROM scratch AS a\nARG V\n");
  auto outline = std::get<dockerfile::Outline>(answer.answer);
  ASSERT_EQ(outline.args.size(), 1U);
  EXPECT_EQ(outline.args[0].value, "2");
}

TEST_F(BuildCall, OtherFrontendsAreRefusedAndOursIsNoted) {
  EXPECT_EQ(error_of([&] { check("# syntax=foo/bar\nFROM scratch\n"); }).kind(),
            base::ErrorKind::kUnsupported);
  check("# syntax=docker/dockerfile:1\nFROM scratch\n");
  EXPECT_THAT(
      events_.texts(base::Event::Kind::kNote),
      Contains("syntax 'docker/dockerfile:1' is answered by the built-in frontend (Dockerfile 1.26)"));
}

}  // namespace
}  // namespace cooper::build
