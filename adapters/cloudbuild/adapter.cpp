#include "adapters/cloudbuild/adapter.h"

#include "adapters/cache_policy.h"
#include "adapters/outputs.h"
#include "adapters/record_reader.h"
#include "adapters/repository_url.h"
#include "base/text.h"
#include "net/url.h"

namespace cooper::adapters {
namespace {

constexpr std::size_t kOutputLimit = 4 << 10;  // what Cloud Build keeps of it
constexpr const char* kWorkspace = "/workspace";

// The repository that it is compared with is "owner/name"; of a mere name, only the end of the head's counts.
bool is_from_fork(const Variables& variables, const std::string& repository_path) {
  const std::string head = "/" + base::to_lower(path_of_repository(web_url(variables.get("_HEAD_REPO_URL"))));
  return head != "/" && !repository_path.empty() && !head.ends_with("/" + base::to_lower(repository_path));
}

// "us-east1-docker.pkg.dev/project/images/app", when the trigger names the repository of images.
void compose_image_base(RecordReader& reader) {
  reader.image_base({"_IMAGE_BASE"});
  const Variables& variables = reader.variables();
  const std::string location = variables.get("LOCATION");
  const std::string project = variables.get("PROJECT_ID");
  const std::string images = variables.get("_REPOSITORY");
  const std::string name = variables.first({"REPO_NAME", "REPO_FULL_NAME"});
  const bool is_complete = !location.empty() && location != "global" && !project.empty() && !images.empty();
  if (!reader.record().image_base.empty() || !is_complete || name.empty()) return;
  std::string problem;
  const std::string base =
      checked_image_base(location + "-docker.pkg.dev/" + project + "/" + images + "/" + name, problem);
  if (base.empty())
    reader.refuse("_REPOSITORY", "gives no name of an image with LOCATION, PROJECT_ID and REPO_NAME");
  reader.set(&Record::image_base, "image_base", base, "_REPOSITORY");
}

void compose_run_url(RecordReader& reader) {
  const Variables& variables = reader.variables();
  const std::string build = variables.get("BUILD_ID");
  const std::string project = variables.get("PROJECT_ID");
  const std::string location = variables.get("LOCATION");
  if (build.empty() || project.empty()) return;
  reader.set(&Record::run_url, "run_url",
             "https://console.cloud.google.com/cloud-build/builds;region=" +
                 net::percent_encode(location.empty() ? "global" : location) + "/" +
                 net::percent_encode(build) + "?project=" + net::percent_encode(project),
             "BUILD_ID");
}

}  // namespace

// There is no variable of its name; this is what hosted builds have.
bool CloudBuildAdapter::detects(const Variables& variables) const {
  return variables.has("BUILDER_OUTPUT");
}

Record CloudBuildAdapter::read(const Job& job) const {
  RecordReader reader(job, "cloudbuild", "the trigger's substitutions and the step's env in cloudbuild.yaml");
  reader.commit(&Record::commit, "commit", {"COMMIT_SHA", "REVISION_ID"});
  reader.ref(&Record::tag, "tag", {"TAG_NAME"});
  reader.ref(&Record::branch, "branch", {"_HEAD_BRANCH", "BRANCH_NAME"});
  reader.ref(&Record::default_branch, "default_branch", {"_DEFAULT_BRANCH"});
  reader.change({"_PR_NUMBER"});
  reader.ref(&Record::change_target, "change_target", {"_BASE_BRANCH"});
  reader.text(&Record::repository_path, "repository_path", {"REPO_FULL_NAME"});
  reader.repository_url({"_REPO_URL"});
  if (reader.record().repository_path.empty())
    reader.text(&Record::repository_path, "repository_path", {"REPO_NAME"});
  reader.record().is_fork = is_from_fork(job.variables, reader.record().repository_path);
  reader.text(&Record::run_id, "run_id", {"BUILD_ID"});
  compose_run_url(reader);
  reader.workspace({}, kWorkspace);
  compose_image_base(reader);
  return reader.finish();
}

std::string_view CloudBuildAdapter::credentials_setting() const {
  return "give the build's service account ('serviceAccount:' in cloudbuild.yaml) the role "
         "roles/artifactregistry.writer on the repository";
}

LogTraits CloudBuildAdapter::log_traits() const {
  return {};
}

// The machine is gone afterwards; a bucket stays.
std::vector<Option> CloudBuildAdapter::own_cache(const Job& job, const Record& record) const {
  const std::string bucket = job.variables.get("_CACHE_BUCKET");
  if (bucket.empty()) return {};
  std::string place = "type=gcs," + list_field("bucket=" + bucket);
  if (!record.repository_path.empty()) place += "," + list_field("prefix=" + record.repository_path + "/");
  return cache_options(record, {place, place, "_CACHE_BUCKET"});
}

std::vector<OutputFile> CloudBuildAdapter::outputs(const Job& job, const Record&,
                                                   const Results& results) const {
  std::vector<OutputFile> files = {result_file(results)};
  if (const std::string directory = job.variables.get("BUILDER_OUTPUT"); !directory.empty()) {
    files.push_back({directory + "/output", short_result_json(results, kOutputLimit), false,
                     "the step's output (buildStepOutputs)", "$BUILDER_OUTPUT"});
  }
  return files;
}

}  // namespace cooper::adapters
