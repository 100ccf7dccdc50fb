#include <gmock/gmock.h>

#include "support/adapter_job.h"

namespace cooper::adapters {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Environment push() {
  return {{"CIRCLECI", "true"},
          {"HOME", "/home/circleci"},
          {"CIRCLE_SHA1", kCommit},
          {"CIRCLE_BRANCH", "main"},
          {"CIRCLE_PROJECT_USERNAME", "Group"},
          {"CIRCLE_PROJECT_REPONAME", "App"},
          {"CIRCLE_REPOSITORY_URL", "git@github.com:Group/App.git"},
          {"CIRCLE_WORKING_DIRECTORY", "~/project"},
          {"BASH_ENV", "/tmp/.bash_env-1"}};
}

Environment with(const Environment& more) {
  Environment environment = more;
  environment.merge(push());
  return environment;
}

TEST(AdaptersCircleCi, ABranch) {
  const Record record = read_record("circleci", push());
  EXPECT_EQ(record.branch, "main");
  EXPECT_EQ(record.on_default_branch, std::nullopt) << "no variable says it";
  EXPECT_EQ(record.repository_url, "https://github.com/Group/App");
  EXPECT_EQ(record.repository_path, "Group/App");
  EXPECT_EQ(record.workspace, "/home/circleci/project");
  EXPECT_EQ(record.image_base, "");
}

TEST(AdaptersCircleCi, TheOrbSaysWhatOnlyPipelineValuesKnow) {
  EXPECT_EQ(read_record("circleci", with({{"COOPER_ON_DEFAULT_BRANCH", "true"}})).on_default_branch, true);
  EXPECT_EQ(read_record("circleci", with({{"COOPER_DEFAULT_BRANCH", "main"}})).on_default_branch, true);
  EXPECT_EQ(read_record("circleci", with({{"COOPER_DEFAULT_BRANCH", "trunk"}})).on_default_branch, false);
  EXPECT_EQ(read_record("circleci", with({{"COOPER_CHANGE", "12"}})).change, "12");
  EXPECT_TRUE(read_record("circleci", with({{"COOPER_SCHEDULED", "true"}})).is_scheduled);
  EXPECT_EQ(
      read_record("circleci", with({{"COOPER_IMAGE_BASE", "Registry.example.com/Group/App/"}})).image_base,
      "registry.example.com/group/app");
  EXPECT_EQ(read_record("circleci", with({{"CIRCLE_REPOSITORY_URL", ""},
                                          {"COOPER_REPOSITORY_URL", "https://gitlab.com/Group/App"}}))
                .repository_url,
            "https://gitlab.com/Group/App");
}

// What is interpolated from a pipeline value that is not set.
TEST(AdaptersCircleCi, NilIsAbsent) {
  const Record record = read_record("circleci", with({{"COOPER_CHANGE", "<nil>"},
                                                      {"COOPER_ON_DEFAULT_BRANCH", "<nil>"},
                                                      {"COOPER_IMAGE_BASE", "<nil>"},
                                                      {"CIRCLE_TAG", "<nil>"}}));
  EXPECT_EQ(record.change, "");
  EXPECT_EQ(record.tag, "");
  EXPECT_EQ(record.image_base, "");
  EXPECT_EQ(record.on_default_branch, std::nullopt);
}

TEST(AdaptersCircleCi, ATagHasNoBranch) {
  const Record record = read_record("circleci", with({{"CIRCLE_BRANCH", ""}, {"CIRCLE_TAG", "v1.2.3"}}));
  EXPECT_EQ(record.tag, "v1.2.3");
  EXPECT_EQ(record.branch, "");
  EXPECT_EQ(record.on_default_branch, false);
}

TEST(AdaptersCircleCi, APullRequestOfTheRepository) {
  const Record record = read_record(
      "circleci",
      with({{"CIRCLE_BRANCH", "topic"}, {"CIRCLE_PULL_REQUEST", "https://github.com/Group/App/pull/7"}}));
  EXPECT_EQ(record.change, "7");
  EXPECT_EQ(record.branch, "topic");
  EXPECT_FALSE(record.is_fork);
}

// A request that merges the default branch into another does not make it a change.
TEST(AdaptersCircleCi, TheDefaultBranchIsNoChange) {
  const Record record =
      read_record("circleci", with({{"COOPER_DEFAULT_BRANCH", "main"},
                                    {"CIRCLE_PULL_REQUEST", "https://github.com/Group/App/pull/7"}}));
  EXPECT_EQ(record.change, "");
  EXPECT_EQ(record.on_default_branch, true);
}

TEST(AdaptersCircleCi, AForkIsByItsBranchOrItsOwnVariables) {
  const Record by_branch = read_record("circleci", with({{"CIRCLE_BRANCH", "pull/7"}}));
  EXPECT_TRUE(by_branch.is_fork);
  EXPECT_EQ(by_branch.change, "7");
  const Record by_number =
      read_record("circleci", with({{"CIRCLE_PR_NUMBER", "8"}, {"CIRCLE_BRANCH", "pull/8"}}));
  EXPECT_TRUE(by_number.is_fork);
  EXPECT_EQ(by_number.change, "8");
  EXPECT_FALSE(read_record("circleci", with({{"CIRCLE_BRANCH", "pull/request"}})).is_fork);
}

TEST(AdaptersCircleCi, OnlyTheFirstParallelNodeMovesTags) {
  const auto may_move = [](const char* total, const char* index) {
    return read_record("circleci", with({{"CIRCLE_NODE_TOTAL", total}, {"CIRCLE_NODE_INDEX", index}}))
        .may_move_tags;
  };
  EXPECT_TRUE(may_move("", ""));
  EXPECT_TRUE(may_move("1", "0"));
  EXPECT_TRUE(may_move("4", "0"));
  EXPECT_FALSE(may_move("4", "1"));
  EXPECT_FALSE(may_move("4", "3"));
}

TEST(AdaptersCircleCi, ATildeIsTheHome) {
  EXPECT_EQ(read_record("circleci", with({{"CIRCLE_WORKING_DIRECTORY", "~"}})).workspace, "/home/circleci");
  EXPECT_EQ(read_record("circleci", with({{"CIRCLE_WORKING_DIRECTORY", "/srv/app/"}})).workspace, "/srv/app");
  EXPECT_THAT(refusal("circleci", with({{"HOME", ""}})), HasSubstr("CIRCLE_WORKING_DIRECTORY '~/project'"));
}

TEST(AdaptersCircleCi, ValuesThatCannotBeRightAreNamedWithTheirSetting) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"CIRCLE_SHA1", "HEAD"},
      {"CIRCLE_BRANCH", "a..b"},
      {"CIRCLE_TAG", "v1 2"},
      {"CIRCLE_PR_NUMBER", "-1"},
      {"CIRCLE_PULL_REQUEST", "https://github.com/Group/App/pull/new"},
      {"CIRCLE_NODE_TOTAL", "many"},
      {"CIRCLE_NODE_INDEX", "-1"},
      {"CIRCLE_REPOSITORY_URL", "git@:a/b"},
      {"COOPER_IMAGE_BASE", "registry.example.com:0/app"},
      {"COOPER_ON_DEFAULT_BRANCH", "main"},
      {"COOPER_SCHEDULED", "daily"},
  };
  for (const auto& [name, value] : cases) {
    EXPECT_THAT(refusal("circleci", with({{name, value}})),
                AllOf(HasSubstr(name), HasSubstr("Project Settings")));
  }
}

TEST(AdaptersCircleCi, AppendsToBashEnv) {
  Results results = results_of({image_result()});
  results.images[0].references = {"registry.example.com/it's:main"};
  const auto files = adapter_of("circleci").outputs(job_of(push()), read_record("circleci", push()), results);
  const OutputFile* bash = find_output(files, "/tmp/.bash_env-1");
  ASSERT_NE(bash, nullptr);
  EXPECT_TRUE(bash->append);
  EXPECT_THAT(bash->content, HasSubstr("export COOPER_IMAGE='registry.example.com/it'\\''s:main'\n"));
  EXPECT_EQ(find_output(files, "cooper-artifacts/digest.txt")->content,
            "sha256:" + std::string(64, 'a') + "\n");
  EXPECT_EQ(find_output(files, "cooper-artifacts/result.json")->content,
            find_output(files, "cooper-result.json")->content);
  EXPECT_EQ(find_output(files, "cooper-cache-root"), nullptr) << "no local cache was written";
}

TEST(AdaptersCircleCi, WithoutBashEnvThereIsNothingToAppendTo) {
  const Job job = job_of(with({{"BASH_ENV", ""}}));
  for (const OutputFile& file : adapter_of("circleci").outputs(job, adapter_of("circleci").read(job), {}))
    EXPECT_FALSE(file.append);
}

TEST(AdaptersCircleCi, TheLocalCachesRootIsForTheKeyOfSaveCache) {
  const Job job = job_of(push(), {{"/home/circleci/.cooper-cache/root", "sha256:b"}});
  const auto files = adapter_of("circleci").outputs(job, adapter_of("circleci").read(job), {});
  ASSERT_NE(find_output(files, "cooper-cache-root"), nullptr);
  EXPECT_EQ(find_output(files, "cooper-cache-root")->content, "sha256:b");
}

// Where the cache really is, as whoever called the build has said it.
TEST(AdaptersCircleCi, TheRootIsOfTheCacheThatWasWritten) {
  const auto root_of = [](const std::string& cache_to, const std::string& file) {
    const Job job = job_of(with({{"COOPER_CACHE_TO", cache_to}}), {{file, "sha256:c"}});
    const auto files = adapter_of("circleci").outputs(job, adapter_of("circleci").read(job), {});
    const OutputFile* root = find_output(files, "cooper-cache-root");
    return root == nullptr ? "" : root->content;
  };
  EXPECT_EQ(root_of("type=local,dest=/cache,mode=max", "/cache/root"), "sha256:c");
  EXPECT_EQ(root_of("type=inline\ntype=local,dest=cache", "/home/circleci/project/cache/root"), "sha256:c");
  EXPECT_EQ(root_of("type=registry,ref=registry.example.com/c", "/root"), "");
  EXPECT_EQ(root_of("type=local,\"dest", "/root"), "");
}

TEST(AdaptersCircleCi, ItsOwnCacheIsBesideTheCheckout) {
  const auto options = adapter_of("circleci").own_cache(job_of(push()), read_record("circleci", push()));
  ASSERT_EQ(options.size(), 2U);
  EXPECT_EQ(options[0].value, "type=local,src=/home/circleci/.cooper-cache");
}

TEST(AdaptersCircleCi, MissingIsUnknown) {
  const Record record = read_record("circleci", {{"CIRCLECI", "true"}});
  EXPECT_EQ(record.commit, "");
  EXPECT_EQ(record.workspace, "");
  EXPECT_THAT(adapter_of("circleci").own_cache(job_of({}), record), IsEmpty());
  EXPECT_THAT(default_options(record, {}), IsEmpty());
}

}  // namespace
}  // namespace cooper::adapters
