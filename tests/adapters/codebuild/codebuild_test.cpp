#include <gmock/gmock.h>

#include "support/adapter_job.h"

namespace cooper::adapters {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kArn = "arn:aws:codebuild:eu-west-1:123456789012:build/app-build:0e6f-11";

Environment push() {
  return {{"CODEBUILD_BUILD_ARN", kArn},
          {"CODEBUILD_BUILD_ID", "app-build:0e6f-11"},
          {"CODEBUILD_RESOLVED_SOURCE_VERSION", kCommit},
          {"CODEBUILD_WEBHOOK_TRIGGER", "branch/main"},
          {"CODEBUILD_WEBHOOK_HEAD_REF", "refs/heads/main"},
          {"CODEBUILD_SOURCE_VERSION", kCommit},
          {"CODEBUILD_SOURCE_REPO_URL", "https://github.com/Group/App.git"},
          {"CODEBUILD_SRC_DIR", "/codebuild/output/src1/src/github.com/Group/App"},
          {"CODEBUILD_START_TIME", "1700000400123"},
          {"AWS_REGION", "eu-west-1"}};
}

Environment with(const Environment& more) {
  Environment environment = more;
  environment.merge(push());
  return environment;
}

TEST(AdaptersCodeBuild, ABranch) {
  const Record record = read_record("codebuild", push());
  EXPECT_EQ(record.branch, "main");
  EXPECT_EQ(record.repository_url, "https://github.com/Group/App");
  EXPECT_EQ(record.image_base, "123456789012.dkr.ecr.eu-west-1.amazonaws.com/group/app");
  EXPECT_EQ(record.started, 1'700'000'400) << "milliseconds";
  EXPECT_EQ(
      record.run_url,
      "https://eu-west-1.console.aws.amazon.com/codesuite/codebuild/123456789012/projects/app-build/build/"
      "app-build%3A0e6f-11/?region=eu-west-1");
  EXPECT_EQ(record.on_default_branch, std::nullopt);
  EXPECT_EQ(read_record("codebuild", with({{"COOPER_DEFAULT_BRANCH", "main"}})).on_default_branch, true);
}

struct TriggerCase {
  const char* trigger;
  const char* head_ref;
  std::string version;
  const char* branch;
  const char* tag;
  const char* change;
};

TEST(AdaptersCodeBuild, FormsOfTriggers) {
  const std::vector<TriggerCase> cases = {
      {"branch/main", "", "", "main", "", ""},
      {"branch/feature/x", "refs/heads/feature/x", kCommit, "feature/x", "", ""},
      {"tag/v1.2.3", "", "", "", "v1.2.3", ""},
      {"tag/v1.2.3", "refs/tags/v1.2.3", kCommit, "", "v1.2.3", ""},
      {"", "refs/tags/v1", "", "", "v1", ""},
      {"pr/7", "refs/heads/topic", "pr/7", "topic", "", "7"},
      {"pr/7", "", "pr/7", "", "", "7"},
      {"", "", "refs/heads/main", "main", "", ""},
      {"", "", "refs/heads/main^{" + kCommit + "}", "main", "", ""},
      {"", "", "refs/pull/7/head^{" + kCommit + "}", "", "", "7"},
      {"", "", "main", "main", "", ""},
      {"", "", "pr/7", "", "", "7"},
      {"", "", kCommit, "", "", ""},
      {"", "", "0123456", "", "", ""},
      {"", "", "arn:aws:s3:::bucket/source.zip", "", "", ""},
      {"", "", "", "", "", ""},
  };
  for (const TriggerCase& one : cases) {
    const Record record = read_record("codebuild", with({{"CODEBUILD_WEBHOOK_TRIGGER", one.trigger},
                                                         {"CODEBUILD_WEBHOOK_HEAD_REF", one.head_ref},
                                                         {"CODEBUILD_SOURCE_VERSION", one.version}}));
    const std::string what = std::string(one.trigger) + " " + one.head_ref + " " + one.version;
    EXPECT_EQ(record.branch, one.branch) << what;
    EXPECT_EQ(record.tag, one.tag) << what;
    EXPECT_EQ(record.change, one.change) << what;
  }
}

TEST(AdaptersCodeBuild, APullRequestHasATarget) {
  EXPECT_EQ(read_record("codebuild", with({{"CODEBUILD_WEBHOOK_TRIGGER", "pr/7"},
                                           {"CODEBUILD_WEBHOOK_HEAD_REF", "refs/heads/topic"},
                                           {"CODEBUILD_WEBHOOK_BASE_REF", "refs/heads/main"}}))
                .change_target,
            "main");
}

// No URL, and the revision is whatever the pipeline's source has as one.
TEST(AdaptersCodeBuild, CodePipelineSaysLittle) {
  const Record record = read_record("codebuild", {{"CODEBUILD_BUILD_ARN", kArn},
                                                  {"CODEBUILD_INITIATOR", "codepipeline/app"},
                                                  {"CODEBUILD_SOURCE_REPO_URL", ""},
                                                  {"CODEBUILD_SOURCE_VERSION", "arn:aws:s3:::bucket/key"},
                                                  {"CODEBUILD_RESOLVED_SOURCE_VERSION", "x.J3kRRy"},
                                                  {"AWS_REGION", "eu-west-1"}});
  EXPECT_EQ(record.commit, "");
  EXPECT_EQ(record.branch, "");
  EXPECT_EQ(record.repository_url, "");
  EXPECT_EQ(record.image_base, "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app-build")
      << "named by the project";
  EXPECT_EQ(read_record("codebuild", with({{"CODEBUILD_INITIATOR", "codepipeline/app"}})).commit, kCommit);
}

TEST(AdaptersCodeBuild, CodeCommitAndPartitions) {
  const Record record = read_record(
      "codebuild",
      with({{"CODEBUILD_SOURCE_REPO_URL", "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/App"},
            {"CODEBUILD_BUILD_ARN", "arn:aws-cn:codebuild:cn-north-1:123456789012:build/p:1"},
            {"AWS_REGION", "cn-north-1"}}));
  EXPECT_EQ(record.repository_path, "App");
  EXPECT_EQ(record.image_base, "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/app");
  EXPECT_THAT(record.run_url, HasSubstr("cn-north-1.console.amazonaws.cn/"));
}

TEST(AdaptersCodeBuild, APublicBuildHasItsUrl) {
  const char* url = "https://eu-west-1.codebuild.aws.amazon.com/project/abc/build/1";
  EXPECT_EQ(read_record("codebuild", with({{"CODEBUILD_PUBLIC_BUILD_URL", url}})).run_url, url);
}

TEST(AdaptersCodeBuild, ARuleIsASchedule) {
  EXPECT_TRUE(read_record("codebuild", with({{"CODEBUILD_INITIATOR", "rule/nightly"}})).is_scheduled);
  EXPECT_FALSE(read_record("codebuild", with({{"CODEBUILD_INITIATOR", "GitHub-Hookshot/1"}})).is_scheduled);
}

TEST(AdaptersCodeBuild, ValuesThatCannotBeRightAreNamedWithTheirSetting) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"CODEBUILD_RESOLVED_SOURCE_VERSION", "main"},
      {"CODEBUILD_BUILD_ARN", "app-build:1"},
      {"CODEBUILD_BUILD_ARN", "arn:aws:codebuild:eu-west-1:12:build/p:1"},
      {"CODEBUILD_WEBHOOK_TRIGGER", "pr/x"},
      {"CODEBUILD_WEBHOOK_HEAD_REF", "refs/heads/a b"},
      {"CODEBUILD_START_TIME", "-5"},
      {"CODEBUILD_SRC_DIR", "src"},
      {"CODEBUILD_SOURCE_REPO_URL", "https://"},
  };
  for (const auto& [name, value] : cases) {
    EXPECT_THAT(refusal("codebuild", with({{name, value}})),
                AllOf(HasSubstr(name), HasSubstr("buildspec.yml")));
  }
}

TEST(AdaptersCodeBuild, ItsOwnCacheIsOutsideOfTheSource) {
  const Environment environment = with({{"HOME", "/root"}});
  const auto options =
      adapter_of("codebuild").own_cache(job_of(environment), read_record("codebuild", environment));
  ASSERT_EQ(options.size(), 2U);
  EXPECT_EQ(options[0].value, "type=local,src=/root/.cooper-cache");
}

TEST(AdaptersCodeBuild, HandsBackVariablesAndAReport) {
  const auto files = adapter_of("codebuild")
                         .outputs(job_of(push()), read_record("codebuild", push()),
                                  results_of({image_result("api")}, "RUN <&\"\x01 \xff é"));
  EXPECT_THAT(
      find_output(files, "cooper.env")->content,
      HasSubstr("export COOPER_API_IMAGE='registry.example.com:5000/group/app/api:sha-0123456789ab'\n"));
  EXPECT_EQ(find_output(files, "cooper-junit.xml")->content,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuite name=\"cooper\" tests=\"2\" failures=\"1\" skipped=\"0\" time=\"1.500\">\n"
            "  <testcase classname=\"cooper\" name=\"api\" time=\"1.500\">\n"
            "    <system-out>2 steps run, 3 cached\n"
            "registry.example.com:5000/group/app/api:sha-0123456789ab\n"
            "registry.example.com:5000/group/app/api:main\n"
            "registry.example.com:5000/group/app/api:latest\n"
            "sha256:" +
                std::string(64, 'a') +
                "\n</system-out>\n"
                "  </testcase>\n"
                "  <testcase classname=\"cooper\" name=\"build\" time=\"0.000\">\n"
                "    <failure message=\"RUN &lt;&amp;&quot;? \xef\xbf\xbd é\">RUN &lt;&amp;&quot;? "
                "\xef\xbf\xbd é</failure>\n"
                "  </testcase>\n"
                "</testsuite>\n");
}

// A step that failed says why; then the build as a whole needs no case of its own.
TEST(AdaptersCodeBuild, ReportsEachStep) {
  Results results = results_of({}, "RUN false: exit code: 1");
  results.steps = {{"", "[1/4] COPY . /", "cached", "local store", "", "", 0},
                   {"", "[2/4] RUN <make>", "ran", "", "", "made & done\n", 1.25},
                   {"api", "[3/4] RUN false", "failed", "", "exit code: 1", "last words\n", 0.5},
                   {"api", "[4/4] RUN true", "cancelled", "", "", "", 0},
                   {"api", "[other 1/1] RUN true", "not needed", "", "", "", 0}};
  const auto files =
      adapter_of("codebuild").outputs(job_of(push()), read_record("codebuild", push()), results);
  EXPECT_EQ(find_output(files, "cooper-junit.xml")->content,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuite name=\"cooper\" tests=\"5\" failures=\"1\" skipped=\"2\" time=\"0.000\">\n"
            "  <testcase classname=\"cooper\" name=\"[1/4] COPY . /\" time=\"0.000\">\n"
            "    <system-out>cached: local store\n</system-out>\n"
            "  </testcase>\n"
            "  <testcase classname=\"cooper\" name=\"[2/4] RUN &lt;make&gt;\" time=\"1.250\">\n"
            "    <system-out>made &amp; done\n</system-out>\n"
            "  </testcase>\n"
            "  <testcase classname=\"cooper.api\" name=\"[3/4] RUN false\" time=\"0.500\">\n"
            "    <failure message=\"exit code: 1\">last words\n</failure>\n"
            "  </testcase>\n"
            "  <testcase classname=\"cooper.api\" name=\"[4/4] RUN true\" time=\"0.000\">\n"
            "    <skipped message=\"cancelled\"/>\n"
            "  </testcase>\n"
            "  <testcase classname=\"cooper.api\" name=\"[other 1/1] RUN true\" time=\"0.000\">\n"
            "    <skipped message=\"not needed\"/>\n"
            "  </testcase>\n"
            "</testsuite>\n");
}

}  // namespace
}  // namespace cooper::adapters
