#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "support/adapter_job.h"

namespace cooper::adapters {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Environment push() {
  return {{"BUILDER_OUTPUT", "/builder/outputs"},
          {"COMMIT_SHA", kCommit},
          {"BRANCH_NAME", "main"},
          {"TAG_NAME", ""},
          {"_DEFAULT_BRANCH", "main"},
          {"REPO_FULL_NAME", "Group/App"},
          {"REPO_NAME", "App"},
          {"PROJECT_ID", "my-project"},
          {"LOCATION", "europe-west1"},
          {"_REPOSITORY", "images"},
          {"BUILD_ID", "b-1"}};
}

Environment with(const Environment& more) {
  Environment environment = more;
  environment.merge(push());
  return environment;
}

TEST(AdaptersCloudBuild, ABranch) {
  const Record record = read_record("cloudbuild", push());
  EXPECT_EQ(record.commit, kCommit);
  EXPECT_EQ(record.on_default_branch, true);
  EXPECT_EQ(record.repository_path, "Group/App");
  EXPECT_EQ(record.image_base, "europe-west1-docker.pkg.dev/my-project/images/app");
  EXPECT_EQ(record.workspace, "/workspace");
  EXPECT_EQ(record.run_url,
            "https://console.cloud.google.com/cloud-build/builds;region=europe-west1/b-1?project=my-project");
}

// Without a trigger everything that is passed on arrives empty.
TEST(AdaptersCloudBuild, EmptySubstitutionsAreAbsent) {
  Environment environment = push();
  for (auto& [name, value] : environment) value = name == "BUILDER_OUTPUT" ? value : "";
  const Record record = read_record("cloudbuild", environment);
  EXPECT_EQ(record.commit, "");
  EXPECT_EQ(record.branch, "");
  EXPECT_EQ(record.change, "");
  EXPECT_EQ(record.run_url, "");
  EXPECT_EQ(record.image_base, "");
  EXPECT_EQ(record.workspace, "/workspace");
}

TEST(AdaptersCloudBuild, RevisionIdIsTheCommitToo) {
  EXPECT_EQ(read_record("cloudbuild", with({{"COMMIT_SHA", ""}, {"REVISION_ID", kCommit}})).commit, kCommit);
}

TEST(AdaptersCloudBuild, APullRequest) {
  const Environment request = with({{"BRANCH_NAME", "topic"},
                                    {"_PR_NUMBER", "7"},
                                    {"_HEAD_BRANCH", "topic"},
                                    {"_BASE_BRANCH", "main"},
                                    {"_HEAD_REPO_URL", "https://github.com/group/app.git"}});
  const Record record = read_record("cloudbuild", request);
  EXPECT_EQ(record.change, "7");
  EXPECT_EQ(record.change_target, "main");
  EXPECT_FALSE(record.is_fork) << "names of repositories do not differ by case";
  Environment fork = request;
  fork["_HEAD_REPO_URL"] = "https://github.com/somebody/App";
  EXPECT_TRUE(read_record("cloudbuild", fork).is_fork);
}

TEST(AdaptersCloudBuild, TheImageBaseCanBeGiven) {
  EXPECT_EQ(read_record("cloudbuild", with({{"_IMAGE_BASE", "eu.gcr.io/P/App"}})).image_base,
            "eu.gcr.io/p/app");
  EXPECT_EQ(read_record("cloudbuild", with({{"_IMAGE_BASE", "eu.gcr.io/p/app"},
                                            {"COOPER_IMAGE_BASE", "registry.example.com/x"}}))
                .image_base,
            "registry.example.com/x");
  EXPECT_EQ(read_record("cloudbuild", with({{"LOCATION", "global"}})).image_base, "");
}

TEST(AdaptersCloudBuild, ValuesThatCannotBeRightAreNamedWithTheirSetting) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"COMMIT_SHA", "0123456"},     {"COMMIT_SHA", "$COMMIT_SHA"},
      {"_PR_NUMBER", "$_PR_NUMBER"}, {"_IMAGE_BASE", "${LOCATION}-docker.pkg.dev/${PROJECT_ID}/images/app"},
      {"_REPOSITORY", "im ages"},    {"BRANCH_NAME", "$BRANCH NAME"},
  };
  for (const auto& [name, value] : cases) {
    EXPECT_THAT(refusal("cloudbuild", with({{name, value}})),
                AllOf(HasSubstr(name), HasSubstr("substitutions"), HasSubstr("cloudbuild.yaml")));
  }
}

TEST(AdaptersCloudBuild, OnlyABucketKeepsACache) {
  EXPECT_THAT(adapter_of("cloudbuild").own_cache(job_of(push()), read_record("cloudbuild", push())),
              IsEmpty());
  const Environment environment = with({{"_CACHE_BUCKET", "bucket"}, {"BRANCH_NAME", "topic"}});
  const auto options =
      adapter_of("cloudbuild").own_cache(job_of(environment), read_record("cloudbuild", environment));
  ASSERT_EQ(options.size(), 2U);
  EXPECT_EQ(options[0].value, "type=gcs,bucket=bucket,prefix=Group/App/,scope=branch-topic");
  EXPECT_EQ(options[1].value, "type=gcs,bucket=bucket,prefix=Group/App/,mode=max,scope=branch-topic");
}

std::string output_of(const Results& results) {
  const auto files =
      adapter_of("cloudbuild").outputs(job_of(push()), read_record("cloudbuild", push()), results);
  return find_output(files, "/builder/outputs/output")->content;
}

TEST(AdaptersCloudBuild, TheStepsOutputBeginsWithTheDigest) {
  const std::string output = output_of(results_of({image_result()}));
  EXPECT_THAT(output, ::testing::StartsWith("{\"digest\":\"sha256:aaa"));
  const auto json = nlohmann::json::parse(output);
  EXPECT_EQ(json.at("image"), "registry.example.com:5000/group/app:sha-0123456789ab");
  EXPECT_THAT(json.at("tags"), ElementsAre("sha-0123456789ab", "main", "latest"));
}

// More is cut off by the platform, in the middle.
TEST(AdaptersCloudBuild, TheStepsOutputFitsInto4KiB) {
  Results results = results_of({}, std::string(5000, 'x'));
  for (int i = 0; i < 100; ++i) results.images.push_back(image_result("part" + std::to_string(i)));
  const std::string output = output_of(results);
  EXPECT_LE(output.size(), 4096U);
  const auto json = nlohmann::json::parse(output);
  EXPECT_EQ(json.at("digest"), image_result().digest);
  EXPECT_FALSE(json.contains("failure"));
  EXPECT_GT(json.at("images").size(), 5U);
  EXPECT_LT(json.at("images").size(), 99U);
}

TEST(AdaptersCloudBuild, WithoutTheVariableThereIsNoStepOutput) {
  EXPECT_EQ(adapter_of("cloudbuild").outputs(job_of({}), Record(), {}).size(), 1U);
}

}  // namespace
}  // namespace cooper::adapters
