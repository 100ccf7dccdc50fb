#include <gmock/gmock.h>

#include "support/adapter_job.h"

namespace cooper::adapters {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Environment push() {
  return {{"JENKINS_URL", "https://jenkins.example.com/"},
          {"GIT_COMMIT", kCommit},
          {"BRANCH_NAME", "main"},
          {"BRANCH_IS_PRIMARY", "true"},
          {"GIT_BRANCH", "main"},
          {"GIT_URL", "https://bot:SECRET@git.example.com/Group/App.git"},
          {"JOB_NAME", "app/main"},
          {"BUILD_TAG", "jenkins-app-main-5"},
          {"BUILD_URL", "https://jenkins.example.com/job/app/job/main/5/"},
          {"WORKSPACE", "/var/lib/jenkins/workspace/app_main"}};
}

Environment with(const Environment& more) {
  Environment environment = more;
  environment.merge(push());
  return environment;
}

TEST(AdaptersJenkins, IsDetectedWithoutARootUrl) {
  const Adapter& jenkins = adapter_of("jenkins");
  EXPECT_TRUE(jenkins.detects(Variables(Environment{{"JENKINS_URL", "https://x/"}})));
  EXPECT_TRUE(jenkins.detects(Variables(Environment{{"BUILD_TAG", "jenkins-app-1"}, {"JOB_NAME", "app"}})));
  EXPECT_FALSE(jenkins.detects(Variables(Environment{{"BUILD_TAG", "x"}})));
}

TEST(AdaptersJenkins, AMultibranchProject) {
  const Record record = read_record("jenkins", push());
  EXPECT_EQ(record.branch, "main");
  EXPECT_EQ(record.on_default_branch, true);
  EXPECT_EQ(record.repository_url, "https://git.example.com/Group/App");
  EXPECT_EQ(record.repository_path, "Group/App");
  const Record topic = read_record("jenkins", with({{"BRANCH_NAME", "topic"}, {"BRANCH_IS_PRIMARY", ""}}));
  EXPECT_EQ(topic.on_default_branch, false);
  EXPECT_EQ(
      read_record(
          "jenkins",
          with({{"BRANCH_NAME", "topic"}, {"BRANCH_IS_PRIMARY", ""}, {"COOPER_DEFAULT_BRANCH", "topic"}}))
          .on_default_branch,
      true);
}

TEST(AdaptersJenkins, AChangeIsNoBranchOfItsName) {
  const Record record = read_record("jenkins", with({{"BRANCH_NAME", "PR-7"},
                                                     {"BRANCH_IS_PRIMARY", ""},
                                                     {"CHANGE_ID", "7"},
                                                     {"CHANGE_BRANCH", "topic"},
                                                     {"CHANGE_TARGET", "main"}}));
  EXPECT_EQ(record.change, "7");
  EXPECT_EQ(record.branch, "topic");
  EXPECT_EQ(record.change_target, "main");
  EXPECT_EQ(record.on_default_branch, false);
  EXPECT_FALSE(record.is_fork);
  // Some sources do not say the source's branch.
  EXPECT_EQ(read_record("jenkins", with({{"BRANCH_NAME", "PR-7"}, {"CHANGE_ID", "7"}})).branch, "");
}

TEST(AdaptersJenkins, AFork) {
  EXPECT_TRUE(read_record("jenkins", with({{"CHANGE_ID", "7"}, {"CHANGE_FORK", "somebody"}})).is_fork);
}

TEST(AdaptersJenkins, ATagIsNoBranchOfItsName) {
  const Record record = read_record("jenkins", with({{"BRANCH_NAME", "v1.2.3"},
                                                     {"BRANCH_IS_PRIMARY", ""},
                                                     {"TAG_NAME", "v1.2.3"},
                                                     {"TAG_UNIXTIME", "1700000500"}}));
  EXPECT_EQ(record.tag, "v1.2.3");
  EXPECT_EQ(record.branch, "");
  EXPECT_EQ(record.commit_time, std::nullopt) << "the tag's time is not the commit's";
}

struct BranchCase {
  const char* local;
  const char* branch;
  const char* expected_branch;
  const char* expected_tag;
};

TEST(AdaptersJenkins, APlainJobHasTheBranchOfItsGitPlugin) {
  const std::vector<BranchCase> cases = {
      {"", "origin/main", "main", ""},
      {"", "origin/feature/x", "feature/x", ""},
      {"feature/x", "origin/feature/x", "feature/x", ""},
      {"", "refs/heads/main", "main", ""},
      {"", "refs/remotes/origin/main", "main", ""},
      {"", "refs/tags/v1", "", "v1"},
      {"", "detached", "", ""},
      {"", "", "", ""},
  };
  for (const BranchCase& one : cases) {
    const Record record = read_record("jenkins", with({{"BRANCH_NAME", ""},
                                                       {"BRANCH_IS_PRIMARY", ""},
                                                       {"GIT_LOCAL_BRANCH", one.local},
                                                       {"GIT_BRANCH", one.branch}}));
    EXPECT_EQ(record.branch, one.expected_branch) << one.branch;
    EXPECT_EQ(record.tag, one.expected_tag) << one.branch;
    EXPECT_NE(record.on_default_branch, true);
  }
}

TEST(AdaptersJenkins, WorkspacesWithBlanksAndNumbers) {
  for (const char* workspace : {"/home/jenkins/my app", "/home/jenkins/app@2", "/home/jenkins/a,b"})
    EXPECT_EQ(read_record("jenkins", with({{"WORKSPACE", workspace}})).workspace, workspace);
  EXPECT_THAT(refusal("jenkins", with({{"WORKSPACE", "C:\\jenkins"}})), HasSubstr("is no absolute path"));
}

struct UrlCase {
  const char* url;
  const char* web;
  const char* path;
};

TEST(AdaptersJenkins, RepositoriesByAnyKindOfUrl) {
  const std::vector<UrlCase> cases = {
      {"git@git.example.com:Group/App.git", "https://git.example.com/Group/App", "Group/App"},
      {"ssh://git@Git.example.com:2222/Group/App.git", "https://git.example.com/Group/App", "Group/App"},
      {"https://user:pw@git.example.com:8443/Group/App/", "https://git.example.com:8443/Group/App",
       "Group/App"},
      {"http://git.example.com/App.git", "http://git.example.com/App", "App"},
      {"https://git.example.com/Group/App.git?token=x#y", "https://git.example.com/Group/App", "Group/App"},
      {"git://git.example.com/~me/app.git", "https://git.example.com/~me/app", "~me/app"},
      {"/srv/git/app.git", "", ""},
      {"file:///srv/git/app.git", "", ""},
  };
  for (const UrlCase& one : cases) {
    const Record record = read_record("jenkins", with({{"GIT_URL", one.url}}));
    EXPECT_EQ(record.repository_url, one.web) << one.url;
    EXPECT_EQ(record.repository_path, one.path) << one.url;
  }
}

TEST(AdaptersJenkins, WithRegistryGivesTheImageBase) {
  const auto base = [](const char* url) {
    return read_record("jenkins", with({{"DOCKER_REGISTRY_URL", url}})).image_base;
  };
  EXPECT_EQ(base("https://registry.example.com:5000"), "registry.example.com:5000/group/app");
  EXPECT_EQ(base("https://me:pw@registry.example.com/v2/"), "registry.example.com/group/app");
  EXPECT_EQ(base("https://index.docker.io/v1/"), "docker.io/group/app");
  EXPECT_EQ(base(""), "");
}

TEST(AdaptersJenkins, ValuesThatCannotBeRightAreNamedWithTheirSetting) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"GIT_COMMIT", "origin/main"},
      {"CHANGE_ID", "I8473b95934b5732ac55d26311a706c9c2bde9940"},
      {"BRANCH_NAME", "a b"},
      {"BRANCH_IS_PRIMARY", "main"},
      {"BUILD_URL", "jenkins/job/5"},
      {"GIT_URL", "https://git.example.com:0/a/b"},
      {"DOCKER_REGISTRY_URL", "https://registry.example.com:123456"},
  };
  for (const auto& [name, value] : cases) {
    EXPECT_THAT(refusal("jenkins", with({{name, value}})),
                AllOf(HasSubstr(name), HasSubstr("Jenkinsfile"), Not(HasSubstr("SECRET"))));
  }
}

TEST(AdaptersJenkins, ItsOwnCacheIsBesideTheWorkspace) {
  const Environment environment = with({{"WORKSPACE_TMP", "/home/jenkins/my app@2@tmp"}});
  const auto options =
      adapter_of("jenkins").own_cache(job_of(environment), read_record("jenkins", environment));
  ASSERT_EQ(options.size(), 2U);
  EXPECT_EQ(options[1].value, "type=local,dest=/home/jenkins/my app@2@tmp/.cooper-cache,mode=max");
  EXPECT_TRUE(adapter_of("jenkins").own_cache(job_of(push()), read_record("jenkins", push())).empty());
}

TEST(AdaptersJenkins, TheStepReadsTheResultFile) {
  Results results = results_of({});
  results.result_json = "{\"own\": 1}\n";
  const auto files = adapter_of("jenkins").outputs(job_of(push()), read_record("jenkins", push()), results);
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0].path, "cooper-result.json");
  EXPECT_EQ(files[0].content, "{\"own\": 1}\n");
}

}  // namespace
}  // namespace cooper::adapters
