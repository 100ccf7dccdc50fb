#include "adapters/circleci/adapter.h"

#include <algorithm>

#include "adapters/cache_policy.h"
#include "adapters/outputs.h"
#include "adapters/record_reader.h"
#include "base/text.h"

namespace cooper::adapters {
namespace {

constexpr std::string_view kForkBranch = "pull/";

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// The branch of a fork's pull request is "pull/7", and CIRCLE_PR_… are there only for forks.
bool is_from_fork(const Variables& variables) {
  const std::string branch = variables.get("CIRCLE_BRANCH");
  return (branch.starts_with(kForkBranch) && is_number(branch.substr(kForkBranch.size()))) ||
         variables.has("CIRCLE_PR_NUMBER") || variables.has("CIRCLE_PR_REPONAME");
}

// CIRCLE_PULL_REQUEST is there on every branch that a pull request is open for, and one of several.
void read_change(RecordReader& reader) {
  const Variables& variables = reader.variables();
  reader.change({"CIRCLE_PR_NUMBER"});
  Record& record = reader.record();
  if (record.is_change()) return;
  const std::string branch = variables.get("CIRCLE_BRANCH");
  if (is_from_fork(variables) && branch.starts_with(kForkBranch)) {
    reader.set(&Record::change, "change", branch.substr(kForkBranch.size()), "CIRCLE_BRANCH");
    return;
  }
  const bool is_default = variables.is_true("COOPER_ON_DEFAULT_BRANCH") ||
                          (!branch.empty() && branch == variables.get("COOPER_DEFAULT_BRANCH"));
  const std::string url = variables.get("CIRCLE_PULL_REQUEST");
  if (url.empty() || is_default || !record.tag.empty()) return;
  const std::string number = url.substr(url.rfind('/') + 1);
  if (!is_number(number)) reader.refuse("CIRCLE_PULL_REQUEST", "does not end in a number");
  reader.set(&Record::change, "change", number, "CIRCLE_PULL_REQUEST");
}

// Of parallel nodes only the first moves tags.
bool may_move_tags(const RecordReader& reader) {
  const std::string total = reader.variables().get("CIRCLE_NODE_TOTAL");
  const std::string index = reader.variables().get("CIRCLE_NODE_INDEX");
  if (!total.empty() && !is_number(total)) reader.refuse("CIRCLE_NODE_TOTAL", "is no number");
  if (!index.empty() && !is_number(index)) reader.refuse("CIRCLE_NODE_INDEX", "is no number");
  return total.empty() || total == "1" || index.empty() || index == "0";
}

// Outside of what the build copies. "" without a home.
std::string own_directory(const Variables& variables) {
  const std::string home = variables.get("HOME");
  return home.empty() ? "" : home + "/" + kLocalCache;
}

// The directory of the local cache that the build has written: of COOPER_CACHE_TO, else the own one.
std::string written_directory(const Variables& variables, const Record& record) {
  const std::string given = variables.get("COOPER_CACHE_TO");
  if (given.empty()) return own_directory(variables);
  for (const std::string& line : base::split(given, '\n')) {
    std::string directory = local_directory(line);
    if (!directory.empty() && !directory.starts_with('/')) directory.insert(0, record.workspace + "/");
    if (!directory.empty()) return directory;
  }
  return "";
}

// $BASH_ENV as a later step's bash reads it.
OutputFile variables_of_later_steps(const std::string& path, const Results& results) {
  return {path, render_exports(output_variables(results)), true, "variables for later steps", "$BASH_ENV"};
}

}  // namespace

bool CircleCiAdapter::detects(const Variables& variables) const {
  return variables.is_true("CIRCLECI");
}

Record CircleCiAdapter::read(const Job& job) const {
  RecordReader reader(
      job, "circleci",
      "Project Settings > Environment Variables, contexts, and 'environment' in .circleci/config.yml");
  reader.commit(&Record::commit, "commit", {"CIRCLE_SHA1"});
  reader.ref(&Record::tag, "tag", {"CIRCLE_TAG"});
  reader.ref(&Record::branch, "branch", {"CIRCLE_BRANCH"});
  reader.record().is_fork = is_from_fork(job.variables);
  read_change(reader);
  const std::string owner = job.variables.get("CIRCLE_PROJECT_USERNAME");
  const std::string name = job.variables.get("CIRCLE_PROJECT_REPONAME");
  if (!owner.empty() && !name.empty())
    reader.set(&Record::repository_path, "repository_path", owner + "/" + name, "CIRCLE_PROJECT_REPONAME");
  reader.repository_url({"CIRCLE_REPOSITORY_URL"});
  reader.text(&Record::run_id, "run_id", {"CIRCLE_WORKFLOW_JOB_ID", "CIRCLE_BUILD_NUM"});
  reader.run_url({"CIRCLE_BUILD_URL"});
  reader.workspace({"CIRCLE_WORKING_DIRECTORY"});
  reader.image_base({});
  reader.record().may_move_tags = may_move_tags(reader);
  return reader.finish();
}

std::string_view CircleCiAdapter::credentials_setting() const {
  return "set DOCKER_AUTH_CONFIG in a context (Organization Settings > Contexts), or AWS_ROLE_ARN to a role "
         "that trusts the job's OIDC token, which lives for one hour";
}

LogTraits CircleCiAdapter::log_traits() const {
  return {.colour = true};
}

std::vector<Option> CircleCiAdapter::own_cache(const Job& job, const Record& record) const {
  const std::string directory = own_directory(job.variables);
  if (directory.empty()) return {};
  return cache_options(record, local_cache(directory, "save_cache"));
}

std::vector<OutputFile> CircleCiAdapter::outputs(const Job& job, const Record& record,
                                                 const Results& results) const {
  std::vector<OutputFile> files = {result_file(results)};
  if (const std::string path = job.variables.get("BASH_ENV"); !path.empty())
    files.push_back(variables_of_later_steps(path, results));
  std::string digests;
  for (const ImageResult& image : results.images) digests += image.digest + "\n";
  files.push_back({"cooper-artifacts/digest.txt", digests, false, "the digests", "store_artifacts"});
  files.push_back(
      {"cooper-artifacts/result.json", files.front().content, false, "what was built", "store_artifacts"});
  // Unchanged, it makes the key of save_cache the one that is there already.
  const std::string directory = written_directory(job.variables, record);
  if (directory.empty()) return files;
  if (auto root = job.read_file(directory + "/root"))
    files.push_back({"cooper-cache-root", *root, false, "digest of the local cache", "save_cache"});
  return files;
}

}  // namespace cooper::adapters
