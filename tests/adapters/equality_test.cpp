// One commit, built by all five: the same tags, labels and epoch, and nothing in them that says by whom.
#include <algorithm>
#include <gmock/gmock.h>

#include "adapters/git_checkout.h"
#include "os/beneath.h"
#include "support/adapter_job.h"
#include "support/git_work_tree.h"

namespace cooper::adapters {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using PerCi = std::map<std::string, Environment>;

class AdaptersEquality : public ::testing::Test {
 protected:
  void SetUp() override {
    commit_ = tree_.commit_file("a", "1");
    tree_.git({"remote", "add", "origin", "git@git.example.com:Group/App.git"});
    tree_.git({"checkout", "-q", "--detach"});
  }

  // What every CI has in common, whatever the event.
  PerCi common() const {
    PerCi all = {
        {"gitlab",
         {{"CI_COMMIT_SHA", commit_},
          {"CI_DEFAULT_BRANCH", "main"},
          {"CI_PROJECT_PATH", "Group/App"},
          {"CI_PROJECT_URL", "https://git.example.com/Group/App"},
          {"CI_PROJECT_DESCRIPTION", "only GitLab knows"},
          {"CI_COMMIT_TIMESTAMP", "2023-11-14T23:13:20+01:00"},
          {"CI_JOB_ID", "1"},
          {"CI_PROJECT_DIR", tree_.directory()}}},
        {"circleci",
         {{"CIRCLE_SHA1", commit_},
          {"CIRCLE_PROJECT_USERNAME", "Group"},
          {"CIRCLE_PROJECT_REPONAME", "App"},
          {"CIRCLE_REPOSITORY_URL", "git@git.example.com:Group/App.git"},
          {"CIRCLE_WORKING_DIRECTORY", "~/app"},
          {"HOME", temp_.path()},
          {"COOPER_DEFAULT_BRANCH", "main"},
          {"CIRCLE_BUILD_NUM", "2"}}},
        {"cloudbuild",
         {{"COMMIT_SHA", commit_},
          {"REPO_FULL_NAME", "Group/App"},
          {"_DEFAULT_BRANCH", "main"},
          {"BUILD_ID", "3"},
          {"COOPER_WORKSPACE", tree_.directory()}}},
        {"codebuild",
         {{"CODEBUILD_BUILD_ARN", "arn:aws:codebuild:eu-west-1:123456789012:build/p:4"},
          {"CODEBUILD_RESOLVED_SOURCE_VERSION", commit_},
          {"CODEBUILD_SOURCE_REPO_URL", "https://git.example.com/Group/App.git"},
          {"CODEBUILD_SRC_DIR", tree_.directory()},
          {"COOPER_DEFAULT_BRANCH", "main"}}},
        {"jenkins",
         {{"GIT_COMMIT", commit_},
          {"GIT_URL", "ssh://git@git.example.com:2222/Group/App.git"},
          {"BUILD_TAG", "jenkins-app-5"},
          {"WORKSPACE", tree_.directory()}}},
    };
    for (auto& [ci, environment] : all) environment["COOPER_IMAGE_BASE"] = "registry.example.com/group/app";
    return all;
  }

  // Flags that make the image, by CI, with an event's variables.
  std::map<std::string, std::vector<std::string>> images(const PerCi& event) const {
    std::map<std::string, std::vector<std::string>> result;
    for (auto& [ci, environment] : common()) {
      Environment whole = event.at(ci);
      whole.insert(environment.begin(), environment.end());
      Record record = read_record(ci, whole);
      fill_from_checkout(record);
      for (const Option& option : default_options(record, {})) {
        const bool makes_image = option.flag == "--tag" || option.flag == "--push" ||
                                 option.flag == "--label" || option.flag == "--source-date-epoch";
        if (makes_image) result[ci].push_back(option.flag + " " + option.value);
      }
    }
    return result;
  }

  void expect_equal(const std::map<std::string, std::vector<std::string>>& by_ci) const {
    const std::vector<std::string>& first = by_ci.begin()->second;
    ASSERT_EQ(by_ci.size(), 5U);
    EXPECT_GE(first.size(), 9U) << "tags, push, seven labels, epoch";
    for (const auto& [ci, options] : by_ci) {
      EXPECT_EQ(options, first) << ci << " and " << by_ci.begin()->first;
      for (const std::string& option : options) {
        for (const auto& adapter : all_adapters())
          EXPECT_THAT(option, Not(HasSubstr(std::string(adapter->name()))));
      }
    }
  }

  os::TempDir temp_{"/tmp", "equality-"};
  support::GitWorkTree tree_{temp_.path() + "/app"};
  std::string commit_;
};

TEST_F(AdaptersEquality, OfAPushToTheDefaultBranch) {
  expect_equal(images({{"gitlab", {{"CI_COMMIT_BRANCH", "main"}}},
                       {"circleci", {{"CIRCLE_BRANCH", "main"}}},
                       {"cloudbuild", {{"BRANCH_NAME", "main"}}},
                       {"codebuild", {{"CODEBUILD_WEBHOOK_TRIGGER", "branch/main"}}},
                       {"jenkins", {{"BRANCH_NAME", "main"}, {"BRANCH_IS_PRIMARY", "true"}}}}));
}

TEST_F(AdaptersEquality, OfAPushToAnotherBranch) {
  expect_equal(
      images({{"gitlab", {{"CI_COMMIT_BRANCH", "Feature/x"}}},
              {"circleci", {{"CIRCLE_BRANCH", "Feature/x"}}},
              {"cloudbuild", {{"BRANCH_NAME", "Feature/x"}}},
              {"codebuild", {{"CODEBUILD_WEBHOOK_HEAD_REF", "refs/heads/Feature/x"}}},
              {"jenkins", {{"GIT_BRANCH", "origin/Feature/x"}, {"COOPER_DEFAULT_BRANCH", "main"}}}}));
}

TEST_F(AdaptersEquality, OfATag) {
  expect_equal(images({{"gitlab", {{"CI_COMMIT_TAG", "v1.2.3"}}},
                       {"circleci", {{"CIRCLE_TAG", "v1.2.3"}}},
                       {"cloudbuild", {{"TAG_NAME", "v1.2.3"}}},
                       {"codebuild", {{"CODEBUILD_WEBHOOK_TRIGGER", "tag/v1.2.3"}}},
                       {"jenkins", {{"TAG_NAME", "v1.2.3"}, {"BRANCH_NAME", "v1.2.3"}}}}));
}

// But for the name that only GitLab's users know changes by.
TEST_F(AdaptersEquality, OfAChange) {
  auto by_ci =
      images({{"gitlab", {{"CI_MERGE_REQUEST_IID", "7"}, {"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "topic"}}},
              {"circleci",
               {{"CIRCLE_BRANCH", "topic"}, {"CIRCLE_PULL_REQUEST", "https://git.example.com/g/a/pull/7"}}},
              {"cloudbuild", {{"_PR_NUMBER", "7"}, {"_HEAD_BRANCH", "topic"}}},
              {"codebuild",
               {{"CODEBUILD_WEBHOOK_TRIGGER", "pr/7"}, {"CODEBUILD_WEBHOOK_HEAD_REF", "refs/heads/topic"}}},
              {"jenkins", {{"CHANGE_ID", "7"}, {"CHANGE_BRANCH", "topic"}, {"BRANCH_NAME", "PR-7"}}}});
  EXPECT_EQ(std::erase(by_ci.at("gitlab"), "--tag registry.example.com/group/app:mr-7"), 1U);
  expect_equal(by_ci);
}

}  // namespace
}  // namespace cooper::adapters
