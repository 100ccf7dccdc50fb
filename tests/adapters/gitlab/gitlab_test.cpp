#include <gmock/gmock.h>

#include "adapters/record_json.h"
#include "support/adapter_job.h"

namespace cooper::adapters {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Environment push() {
  return {{"GITLAB_CI", "true"},
          {"CI_COMMIT_SHA", kCommit},
          {"CI_COMMIT_BRANCH", "main"},
          {"CI_DEFAULT_BRANCH", "main"},
          {"CI_COMMIT_REF_PROTECTED", "true"},
          {"CI_PROJECT_PATH", "Group/App"},
          {"CI_PROJECT_URL", "https://gitlab.example.com/Group/App"},
          {"CI_PROJECT_DIR", "/builds/Group/App"},
          {"CI_REGISTRY_IMAGE", "registry.example.com:5050/Group/App"}};
}

Environment with(const Environment& more) {
  Environment environment = more;
  environment.merge(push());
  return environment;
}

Environment merge_request(const Environment& more = {}) {
  Environment environment = more;
  environment.merge(with({{"CI_COMMIT_BRANCH", ""},
                          {"CI_MERGE_REQUEST_IID", "7"},
                          {"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "topic"},
                          {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"},
                          {"CI_MERGE_REQUEST_PROJECT_ID", "1"},
                          {"CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "1"}}));
  return environment;
}

TEST(AdaptersGitLab, IsDetected) {
  const Adapter& gitlab = adapter_of("gitlab");
  EXPECT_TRUE(gitlab.detects(Variables(Environment{{"GITLAB_CI", "true"}})));
  EXPECT_TRUE(gitlab.detects(Variables(Environment{{"GITLAB_CI", "false"}, {"CI_PROJECT_DIR", "/x"}})))
      << "gitlab-ci-local";
  EXPECT_FALSE(gitlab.detects(Variables(Environment{{"CI", "true"}})));
}

TEST(AdaptersGitLab, ABranch) {
  const Record record = read_record("gitlab", push());
  EXPECT_EQ(record.branch, "main");
  EXPECT_EQ(record.on_default_branch, true);
  EXPECT_EQ(record.is_trusted, true);
  EXPECT_EQ(record.image_base, "registry.example.com:5050/group/app") << "repositories are lower case";
  EXPECT_EQ(record.repository_path, "Group/App");
  EXPECT_EQ(record.origins.at("branch"), "CI_COMMIT_BRANCH");
  EXPECT_EQ(read_record("gitlab", with({{"CI_COMMIT_BRANCH", "topic"}})).on_default_branch, false);
  EXPECT_EQ(read_record("gitlab", with({{"CI_COMMIT_REF_PROTECTED", "false"}})).is_trusted, false);
}

TEST(AdaptersGitLab, AMergeRequest) {
  const Record record = read_record("gitlab", merge_request());
  EXPECT_EQ(record.change, "7");
  EXPECT_EQ(record.branch, "topic");
  EXPECT_EQ(record.change_target, "main");
  EXPECT_EQ(record.on_default_branch, false);
  EXPECT_FALSE(record.is_fork);
  EXPECT_EQ(record.head_commit, "");
}

TEST(AdaptersGitLab, AMergeResultHasBothCommits) {
  const std::string head(40, 'b');
  const Record record =
      read_record("gitlab", merge_request({{"CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", head},
                                           {"CI_MERGE_REQUEST_EVENT_TYPE", "merged_result"}}));
  EXPECT_EQ(record.commit, kCommit);
  EXPECT_EQ(record.head_commit, head);
  // Detached pipelines have it empty.
  EXPECT_EQ(read_record("gitlab", merge_request({{"CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", ""}})).head_commit,
            "");
}

TEST(AdaptersGitLab, AChildPipelineIsWhatItsParentIs) {
  EXPECT_EQ(read_record("gitlab", with({{"CI_PIPELINE_SOURCE", "parent_pipeline"}})).change, "");
  EXPECT_EQ(read_record("gitlab", merge_request({{"CI_PIPELINE_SOURCE", "parent_pipeline"}})).change, "7");
}

TEST(AdaptersGitLab, AForkIsByProject) {
  EXPECT_TRUE(read_record("gitlab", merge_request({{"CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "2"}})).is_fork);
  EXPECT_TRUE(read_record("gitlab", merge_request({{"CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", "x/app"},
                                                   {"CI_MERGE_REQUEST_PROJECT_PATH", "Group/App"}}))
                  .is_fork);
}

TEST(AdaptersGitLab, AnExternalPullRequest) {
  const Record record =
      read_record("gitlab", with({{"CI_COMMIT_BRANCH", ""},
                                  {"CI_EXTERNAL_PULL_REQUEST_IID", "9"},
                                  {"CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY", "x/app"},
                                  {"CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY", "group/app"},
                                  {"CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME", "topic"}}));
  EXPECT_EQ(record.change, "9");
  EXPECT_EQ(record.branch, "topic");
  EXPECT_TRUE(record.is_fork);
}

TEST(AdaptersGitLab, TimesAreRead) {
  const Record record = read_record("gitlab", with({{"CI_COMMIT_TIMESTAMP", "2023-11-14T23:13:20+01:00"},
                                                    {"CI_JOB_STARTED_AT", "2023-11-14T22:20:00Z"}}));
  EXPECT_EQ(record.commit_time, 1'700'000'000);
  EXPECT_EQ(record.started, 1'700'000'400);
}

// The job's token is in CI_REPOSITORY_URL, and a self-made CI_PROJECT_URL may hold another.
TEST(AdaptersGitLab, NoTokenGetsIntoTheRecord) {
  const std::string json = record_json(read_record(
      "gitlab", with({{"CI_REPOSITORY_URL", "https://gitlab-ci-token:SECRET@gitlab.example.com/a/b.git"},
                      {"CI_PROJECT_URL", "https://me:SECRET@gitlab.example.com/a/b.git"},
                      {"CI_JOB_URL", "https://me:SECRET@gitlab.example.com/a/b/-/jobs/1"}})));
  EXPECT_THAT(json, Not(HasSubstr("SECRET")));
  EXPECT_THAT(json, HasSubstr("\"https://gitlab.example.com/a/b\""));
}

TEST(AdaptersGitLab, MissingAndEmptyIsUnknown) {
  for (const Environment& environment :
       {Environment(), Environment{{"CI_COMMIT_SHA", ""}, {"CI_REGISTRY_IMAGE", ""}}}) {
    const Record record = read_record("gitlab", environment);
    EXPECT_EQ(record.commit, "");
    EXPECT_EQ(record.image_base, "");
    EXPECT_EQ(record.on_default_branch, std::nullopt);
    EXPECT_EQ(record.is_trusted, std::nullopt);
  }
}

struct BadValue {
  const char* name;
  std::string value;
  const char* problem;
};

TEST(AdaptersGitLab, ValuesThatCannotBeRightAreNamedWithTheirSetting) {
  const std::vector<BadValue> cases = {
      {"CI_COMMIT_SHA", "main", "is no commit"},
      {"CI_COMMIT_SHA", kCommit + "0", "is no commit"},
      {"CI_COMMIT_BRANCH", "a\nb", "is no name of a branch"},
      {"CI_COMMIT_TAG", "--upload-pack=x", "is no name of a branch or tag"},
      {"CI_MERGE_REQUEST_IID", "seven", "is no number of a change"},
      {"CI_MERGE_REQUEST_IID", std::string(30, '9'), "is no number of a change"},
      {"CI_COMMIT_TIMESTAMP", "yesterday", "is no time"},
      {"CI_COMMIT_TIMESTAMP", "99999999999999999", "is no time"},
      {"CI_COMMIT_REF_PROTECTED", "perhaps", "is neither true nor false"},
      {"CI_PROJECT_DIR", "builds/app", "is no absolute path"},
      {"CI_PROJECT_URL", "https://gitlab.example.com:99999/a/b", "is no address"},
      {"CI_JOB_URL", "javascript:alert(1)", "is no http or https URL"},
      {"CI_REGISTRY_IMAGE", "registry.example.com:99999/group/app", "has the port '99999', which is none"},
      {"CI_REGISTRY_IMAGE", "registry.example.com:port/group/app", "has the port 'port', which is none"},
      {"CI_REGISTRY_IMAGE", "registry.example.com/group/app:tag", "has a tag"},
      {"CI_REGISTRY_IMAGE", "group/app", "names no registry"},
      {"CI_REGISTRY_IMAGE", "registry.example.com/a b", "is no name of an image"},
  };
  for (const BadValue& bad : cases) {
    EXPECT_THAT(refusal("gitlab", with({{bad.name, bad.value}})),
                AllOf(HasSubstr(bad.name), HasSubstr(bad.problem), HasSubstr("Settings > CI/CD > Variables"),
                      Not(HasSubstr("\n"))))
        << bad.value;
  }
}

TEST(AdaptersGitLab, ARefusalShowsNoPassword) {
  EXPECT_THAT(refusal("gitlab", with({{"CI_PROJECT_URL", "https://me:SECRET@gitlab.example.com:99999/a"}})),
              Not(HasSubstr("SECRET")));
}

TEST(AdaptersGitLab, HandsBackDotenvAndAnnotations) {
  const Record record = read_record("gitlab", push());
  Results results = results_of({image_result()});
  results.images[0].references = {"registry.example.com:5050/group/app:main"};
  const auto files = adapter_of("gitlab").outputs(job_of(push()), record, results);
  ASSERT_EQ(files.size(), 3U);
  const std::string digest = "sha256:" + std::string(64, 'a');
  EXPECT_EQ(find_output(files, "cooper.env")->content,
            "COOPER_IMAGE=registry.example.com:5050/group/app:main\nCOOPER_DIGEST=" + digest +
                "\nCOOPER_IMAGE_REF=registry.example.com:5050/group/app@" + digest + "\nCOOPER_TAGS=main\n");
  EXPECT_EQ(find_output(files, "cooper-annotations.json")->content,
            "{\n  \"cooper\": [\n    {\n      \"external_link\": {\n        \"label\": "
            "\"registry.example.com:5050/group/app@" +
                digest +
                "\",\n        \"url\": \"https://gitlab.example.com/Group/App/container_registry\"\n      "
                "}\n    }\n "
                " ]\n}\n");
  EXPECT_THAT(find_output(files, "cooper-result.json")->content, HasSubstr("\"succeeded\": true"));
}

TEST(AdaptersGitLab, AnImageElsewhereLinksToItsManifest) {
  const auto files = adapter_of("gitlab").outputs(job_of(push()), read_record("gitlab", push()),
                                                  results_of({image_result()}));
  EXPECT_THAT(find_output(files, "cooper-annotations.json")->content,
              HasSubstr("\"https://registry.example.com:5000/v2/group/app/manifests/sha256:aaa"));
}

// Twenty variables and 5 KB is what a self-managed instance takes; one more fails the whole job.
TEST(AdaptersGitLab, DotenvStaysWithinTheLimits) {
  Results results = results_of({});
  for (int i = 0; i < 30; ++i) results.images.push_back(image_result("part-" + std::to_string(i)));
  const auto files = adapter_of("gitlab").outputs(job_of(push()), read_record("gitlab", push()), results);
  const OutputFile& dotenv = *find_output(files, "cooper.env");
  EXPECT_LE(dotenv.content.size(), 5U << 10);
  EXPECT_EQ(std::count(dotenv.content.begin(), dotenv.content.end(), '\n'), 20);
  EXPECT_THAT(dotenv.content, HasSubstr("COOPER_PART_0_IMAGE_REF="));
  EXPECT_THAT(dotenv.what, HasSubstr("104 of 124 left out"));
}

TEST(AdaptersGitLab, AFailedBuildLeavesNoOldVariables) {
  const auto files = adapter_of("gitlab").outputs(job_of(push()), read_record("gitlab", push()),
                                                  results_of({}, "step 2 failed"));
  EXPECT_EQ(find_output(files, "cooper.env")->content, "");
  EXPECT_THAT(find_output(files, "cooper-result.json")->content, HasSubstr("step 2 failed"));
}

TEST(AdaptersGitLab, LogsHaveSectionsAndALimit) {
  EXPECT_TRUE(adapter_of("gitlab").log_traits().sections);
  EXPECT_EQ(adapter_of("gitlab").log_traits().budget, 4U << 20);
}

TEST(AdaptersGitLab, ItsOwnCacheIsInTheProject) {
  const auto options = adapter_of("gitlab").own_cache(job_of(push()), read_record("gitlab", push()));
  ASSERT_EQ(options.size(), 2U);
  EXPECT_EQ(options[0].value, "type=local,src=/builds/Group/App/.cooper-cache");
  EXPECT_EQ(options[1].value, "type=local,dest=/builds/Group/App/.cooper-cache,mode=max");
}

}  // namespace
}  // namespace cooper::adapters
