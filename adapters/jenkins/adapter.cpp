#include "adapters/jenkins/adapter.h"

#include "adapters/cache_policy.h"
#include "adapters/outputs.h"
#include "adapters/record_reader.h"

namespace cooper::adapters {
namespace {

constexpr std::string_view kRemote = "origin/";

// Multibranch projects name the branch, but of a change "PR-7" and of a tag the tag.
void read_branch(RecordReader& reader) {
  const Variables& variables = reader.variables();
  const Record& record = reader.record();
  reader.ref(&Record::branch, "branch", {"CHANGE_BRANCH"});
  if (!record.branch.empty() || record.is_change() || !record.tag.empty()) return;
  reader.ref(&Record::branch, "branch", {"BRANCH_NAME", "GIT_LOCAL_BRANCH"});
  if (!record.branch.empty()) return;
  std::string text = variables.get("GIT_BRANCH");
  if (text.empty() || text == "detached") return;
  if (text.starts_with(kRemote)) text.erase(0, kRemote.size());
  GitRef ref = parse_ref(text);
  if (ref.kind == GitRef::Kind::kUnknown) ref.kind = GitRef::Kind::kBranch;
  reader.parsed_ref(ref, "GIT_BRANCH");
}

// Only multibranch projects know the primary branch, and say nothing of the others.
void read_primary(RecordReader& reader) {
  const Variables& variables = reader.variables();
  if (variables.has("BRANCH_IS_PRIMARY")) {
    reader.flag(&Record::on_default_branch, "on_default_branch", {"BRANCH_IS_PRIMARY"});
  } else if (variables.has("BRANCH_NAME") && !variables.has("COOPER_DEFAULT_BRANCH")) {
    reader.record().on_default_branch = false;
  }
}

// DOCKER_REGISTRY_URL, of docker.withRegistry(), is "https://registry.example.com/v2/" or without a path.
void compose_image_base(RecordReader& reader) {
  reader.image_base({});
  const std::string url = reader.variables().get("DOCKER_REGISTRY_URL");
  const std::string path = reader.record().repository_path;
  if (!reader.record().image_base.empty() || url.empty() || path.empty()) return;
  const std::size_t scheme = url.find("://");
  std::string host = url.substr(scheme == std::string::npos ? 0 : scheme + 3);
  host = host.substr(0, host.find('/'));
  host = host.substr(host.rfind('@') + 1);
  if (host == "index.docker.io") host = "docker.io";
  std::string problem;
  const std::string base = checked_image_base(host + "/" + path, problem);
  if (base.empty()) reader.refuse("DOCKER_REGISTRY_URL", "gives no name of an image: it " + problem);
  reader.set(&Record::image_base, "image_base", base, "DOCKER_REGISTRY_URL");
}

}  // namespace

// JENKINS_URL is there only when an administrator has set the root URL.
bool JenkinsAdapter::detects(const Variables& variables) const {
  return variables.has("JENKINS_URL") || (variables.has("BUILD_TAG") && variables.has("JOB_NAME"));
}

// TAG_UNIXTIME is the time of an annotated tag, not of the commit, and is not read.
Record JenkinsAdapter::read(const Job& job) const {
  RecordReader reader(job, "jenkins",
                      "Manage Jenkins > System > Global properties and 'environment' in the Jenkinsfile");
  reader.commit(&Record::commit, "commit", {"GIT_COMMIT"});
  reader.ref(&Record::tag, "tag", {"TAG_NAME"});
  reader.change({"CHANGE_ID"});
  reader.ref(&Record::change_target, "change_target", {"CHANGE_TARGET"});
  reader.record().is_fork = job.variables.has("CHANGE_FORK");
  read_branch(reader);
  read_primary(reader);
  reader.repository_url({"GIT_URL", "GIT_URL_1"});
  reader.text(&Record::run_id, "run_id", {"BUILD_TAG", "BUILD_NUMBER"});
  reader.run_url({"BUILD_URL"});
  reader.workspace({"WORKSPACE"});
  compose_image_base(reader);
  return reader.finish();
}

std::string_view JenkinsAdapter::credentials_setting() const {
  return "check the credentials that 'registries' of cooperBuild names, in Manage Jenkins > Credentials";
}

LogTraits JenkinsAdapter::log_traits() const {
  return {};
}

// A static agent keeps the directory beside the workspace, which the build does not copy.
std::vector<Option> JenkinsAdapter::own_cache(const Job& job, const Record& record) const {
  const std::string directory = job.variables.get("WORKSPACE_TMP");
  if (!directory.starts_with('/')) return {};
  return cache_options(record, local_cache(directory + "/" + kLocalCache, "WORKSPACE_TMP"));
}

// The library's step reads the result file and returns it.
std::vector<OutputFile> JenkinsAdapter::outputs(const Job&, const Record&, const Results& results) const {
  return {result_file(results)};
}

}  // namespace cooper::adapters
