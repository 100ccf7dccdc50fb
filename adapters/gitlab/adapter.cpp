#include "adapters/gitlab/adapter.h"

#include "adapters/cache_policy.h"
#include "adapters/gitlab/annotations.h"
#include "adapters/outputs.h"
#include "adapters/record_reader.h"

namespace cooper::adapters {
namespace {

constexpr std::uint64_t kLogLimit = 4 << 20;  // then the runner silently stops keeping it
constexpr std::size_t kDotenvLimit = 5 << 10;
constexpr std::size_t kDotenvVariables = 20;  // what a self-managed instance takes by default

bool differ(const Variables& variables, const char* one, const char* other) {
  return variables.has(one) && variables.has(other) && variables.get(one) != variables.get(other);
}

// By what the request says, never by CI_PIPELINE_SOURCE, which in a child pipeline is "parent_pipeline".
bool is_from_fork(const Variables& variables) {
  return differ(variables, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "CI_MERGE_REQUEST_PROJECT_ID") ||
         differ(variables, "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", "CI_MERGE_REQUEST_PROJECT_PATH") ||
         differ(variables, "CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY",
                "CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY");
}

}  // namespace

// gitlab-ci-local says "false".
bool GitLabAdapter::detects(const Variables& variables) const {
  return variables.is_true("GITLAB_CI") || (variables.has("GITLAB_CI") && variables.has("CI_PROJECT_DIR"));
}

// CI_REPOSITORY_URL has the job's token in it and is not read.
Record GitLabAdapter::read(const Job& job) const {
  RecordReader reader(job, "gitlab", "Settings > CI/CD > Variables and in .gitlab-ci.yml");
  reader.commit(&Record::commit, "commit", {"CI_COMMIT_SHA"});
  reader.commit(&Record::head_commit, "head_commit", {"CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"});
  reader.ref(&Record::branch, "branch",
             {"CI_COMMIT_BRANCH", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
              "CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME"});
  reader.ref(&Record::tag, "tag", {"CI_COMMIT_TAG"});
  reader.ref(&Record::default_branch, "default_branch", {"CI_DEFAULT_BRANCH"});
  reader.change({"CI_MERGE_REQUEST_IID", "CI_EXTERNAL_PULL_REQUEST_IID"});
  reader.ref(&Record::change_target, "change_target",
             {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME"});
  reader.record().is_fork = is_from_fork(job.variables);
  reader.record().is_scheduled = job.variables.get("CI_PIPELINE_SOURCE") == "schedule";
  reader.flag(&Record::is_trusted, "is_trusted", {"CI_COMMIT_REF_PROTECTED"});
  reader.text(&Record::repository_path, "repository_path", {"CI_PROJECT_PATH"});
  reader.repository_url({"CI_PROJECT_URL"});
  reader.text(&Record::description, "description", {"CI_PROJECT_DESCRIPTION"});
  reader.text(&Record::run_id, "run_id", {"CI_JOB_ID", "CI_PIPELINE_ID"});
  reader.run_url({"CI_JOB_URL", "CI_PIPELINE_URL"});
  reader.workspace({"CI_PROJECT_DIR"});
  reader.time(&Record::commit_time, "commit_time", {"CI_COMMIT_TIMESTAMP"});
  reader.time(&Record::started, "started", {"CI_JOB_STARTED_AT", "CI_PIPELINE_CREATED_AT"});
  reader.image_base({"CI_REGISTRY_IMAGE"});
  reader.text(&Record::ca_file, "ca_file", {"CI_SERVER_TLS_CA_FILE"});
  return reader.finish();
}

std::string_view GitLabAdapter::credentials_setting() const {
  return "a job token (CI_JOB_TOKEN, CI_REGISTRY_PASSWORD) ends with its job and reaches other projects only "
         "by Settings > CI/CD > Job token permissions; for other registries set the variable "
         "DOCKER_AUTH_CONFIG";
}

LogTraits GitLabAdapter::log_traits() const {
  return {.colour = true, .sections = true, .budget = kLogLimit};
}

// `cache:` keeps only what lies in the project.
std::vector<Option> GitLabAdapter::own_cache(const Job&, const Record& record) const {
  if (record.workspace.empty()) return {};
  return cache_options(record, local_cache(record.workspace + "/" + kLocalCache, "cache:paths"));
}

std::vector<OutputFile> GitLabAdapter::outputs(const Job&, const Record& record,
                                               const Results& results) const {
  const Rendered dotenv = render_dotenv(output_variables(results), kDotenvLimit, kDotenvVariables);
  return {result_file(results),
          {"cooper.env", dotenv.text, false, "variables for later jobs (dotenv)" + dotenv.note(),
           "artifacts:reports:dotenv"},
          {"cooper-annotations.json", gitlab_annotations(record, results), false, "links on the job's page",
           "artifacts:reports:annotations"}};
}

}  // namespace cooper::adapters
