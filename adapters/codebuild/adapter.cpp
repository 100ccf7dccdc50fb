#include "adapters/codebuild/adapter.h"

#include "adapters/cache_policy.h"
#include "adapters/codebuild/junit.h"
#include "adapters/outputs.h"
#include "adapters/record_reader.h"
#include "base/text.h"

namespace cooper::adapters {
namespace {

using Kind = GitRef::Kind;

// "arn:aws:codebuild:eu-west-1:123456789012:build/project:uuid", taken apart.
struct BuildArn {
  std::string partition;
  std::string region;
  std::string account;
  std::string project;
  std::string build;
};

BuildArn read_arn(const RecordReader& reader) {
  const std::string text = reader.variables().get("CODEBUILD_BUILD_ARN");
  if (text.empty()) return {};
  const std::vector<std::string> parts = base::split(text, ':');
  const bool is_arn = parts.size() == 7 && parts[0] == "arn" && parts[4].size() == 12 &&
                      parts[4].find_first_not_of("0123456789") == std::string::npos;
  if (!is_arn) reader.refuse("CODEBUILD_BUILD_ARN", "is no ARN of a build");
  const std::string project = parts[5].substr(parts[5].find('/') + 1);
  return {parts[1], parts[3], parts[4], project, parts[6]};
}

// Of triggers and source versions: "branch/main", "tag/v1", "pr/7", and references of git.
GitRef read_source(const std::string& text) {
  const auto rest_after = [&](std::string_view beginning) {
    return text.starts_with(beginning) ? text.substr(beginning.size()) : std::string();
  };
  if (std::string name = rest_after("branch/"); !name.empty()) return {Kind::kBranch, name};
  if (std::string name = rest_after("tag/"); !name.empty()) return {Kind::kTag, name};
  if (std::string number = rest_after("pr/"); !number.empty()) return {Kind::kChange, number};
  return parse_ref(text);
}

// From an object of S3, or what CodePipeline passes on: then versions are no commits.
bool is_without_git(const Variables& variables) {
  return variables.get("CODEBUILD_SOURCE_VERSION").starts_with("arn:") ||
         variables.get("CODEBUILD_INITIATOR").starts_with("codepipeline/") ||
         !variables.has("CODEBUILD_SOURCE_REPO_URL");
}

void read_commit(RecordReader& reader) {
  const bool is_commit = is_full_commit(reader.variables().get("CODEBUILD_RESOLVED_SOURCE_VERSION"));
  if (!is_commit && is_without_git(reader.variables())) return;
  reader.commit(&Record::commit, "commit", {"CODEBUILD_RESOLVED_SOURCE_VERSION"});
}

// What started the build: the webhook's trigger, its reference, else the version that was asked for.
void read_refs(RecordReader& reader) {
  const Variables& variables = reader.variables();
  for (const char* name :
       {"CODEBUILD_WEBHOOK_TRIGGER", "CODEBUILD_WEBHOOK_HEAD_REF", "CODEBUILD_SOURCE_VERSION"}) {
    const std::string text = variables.get(name);
    const Record& record = reader.record();
    const bool is_version = std::string_view(name) == "CODEBUILD_SOURCE_VERSION";
    if (text.empty() || (is_version && (!record.branch.empty() || !record.tag.empty()))) continue;
    GitRef ref = read_source(text);
    // A version without a kind is a branch, unless it is a commit or no git at all.
    if (ref.kind == Kind::kUnknown && is_version && !is_commit_beginning(text) && !is_without_git(variables))
      ref.kind = Kind::kBranch;
    reader.parsed_ref(ref, name);
  }
  const GitRef base = read_source(variables.get("CODEBUILD_WEBHOOK_BASE_REF"));
  if (reader.record().is_change() && base.kind == Kind::kBranch)
    reader.set(&Record::change_target, "change_target", base.name, "CODEBUILD_WEBHOOK_BASE_REF");
}

std::string region_of(const RecordReader& reader, const BuildArn& arn) {
  const std::string region = reader.variables().first({"AWS_REGION", "AWS_DEFAULT_REGION"});
  return region.empty() ? arn.region : region;
}

// The account's own registry. A repository of ECR has to exist before it is pushed to.
void compose_image_base(RecordReader& reader, const BuildArn& arn) {
  reader.image_base({});
  const Record& record = reader.record();
  const std::string name = record.repository_path.empty() ? arn.project : record.repository_path;
  const std::string region = region_of(reader, arn);
  if (!record.image_base.empty() || arn.account.empty() || region.empty() || name.empty()) return;
  const std::string domain = arn.partition == "aws-cn" ? ".amazonaws.com.cn/" : ".amazonaws.com/";
  std::string problem;
  const std::string base = checked_image_base(arn.account + ".dkr.ecr." + region + domain + name, problem);
  reader.set(&Record::image_base, "image_base", base, "CODEBUILD_BUILD_ARN");
}

void compose_run_url(RecordReader& reader, const BuildArn& arn) {
  reader.run_url({"CODEBUILD_PUBLIC_BUILD_URL"});
  if (!reader.record().run_url.empty() || arn.build.empty()) return;
  std::string domain = "console.aws.amazon.com";
  if (arn.partition == "aws-cn") domain = "console.amazonaws.cn";
  if (arn.partition == "aws-us-gov") domain = "console.amazonaws-us-gov.com";
  reader.set(&Record::run_url, "run_url",
             "https://" + arn.region + "." + domain + "/codesuite/codebuild/" + arn.account + "/projects/" +
                 arn.project + "/build/" + arn.project + "%3A" + arn.build + "/?region=" + arn.region,
             "CODEBUILD_BUILD_ARN");
}

}  // namespace

bool CodeBuildAdapter::detects(const Variables& variables) const {
  return variables.has("CODEBUILD_BUILD_ARN");
}

Record CodeBuildAdapter::read(const Job& job) const {
  RecordReader reader(job, "codebuild", "the project's environment variables and 'env' in buildspec.yml");
  const BuildArn arn = read_arn(reader);
  read_commit(reader);
  read_refs(reader);
  reader.record().is_scheduled = job.variables.get("CODEBUILD_INITIATOR").starts_with("rule/");
  reader.repository_url({"CODEBUILD_SOURCE_REPO_URL"});
  reader.text(&Record::run_id, "run_id", {"CODEBUILD_BUILD_ID"});
  compose_run_url(reader, arn);
  reader.workspace({"CODEBUILD_SRC_DIR"});
  reader.time(&Record::started, "started", {"CODEBUILD_START_TIME"}, 1000);
  compose_image_base(reader, arn);
  return reader.finish();
}

std::string_view CodeBuildAdapter::credentials_setting() const {
  return "give the project's service role (Edit > Environment > Service role) what "
         "adapters/codebuild/iam-policy.json lists";
}

LogTraits CodeBuildAdapter::log_traits() const {
  return {};
}

// 'cache: paths' in the buildspec keeps any directory; this one is not in the source, which the build copies.
std::vector<Option> CodeBuildAdapter::own_cache(const Job& job, const Record& record) const {
  const std::string home = job.variables.get("HOME");
  if (!home.starts_with('/')) return {};
  return cache_options(record, local_cache(home + "/" + kLocalCache, "cache: paths"));
}

std::vector<OutputFile> CodeBuildAdapter::outputs(const Job&, const Record&, const Results& results) const {
  return {result_file(results),
          {"cooper.env", render_exports(output_variables(results)), false,
           "variables to be sourced (exported-variables)", "env: exported-variables"},
          {"cooper-junit.xml", junit_report(results), false, "a report of the steps and images (JUnit)",
           "reports:"}};
}

}  // namespace cooper::adapters
