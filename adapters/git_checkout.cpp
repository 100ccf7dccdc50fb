#include "adapters/git_checkout.h"

#include "adapters/record_reader.h"
#include "adapters/repository_url.h"
#include "context/git_head.h"

namespace cooper::adapters {
namespace {

constexpr std::int64_t kLatest = 253'402'300'799;  // the end of the year 9999

void fill(std::string& field, Record& record, const char* name, const std::string& value, const char* from) {
  if (!field.empty() || value.empty()) return;
  field = value;
  record.origins[name] = from;
}

}  // namespace

void fill_from_checkout(Record& record) {
  if (record.workspace.empty()) return;
  const auto head = context::read_git_head(record.workspace, record.commit);
  if (!head) return;
  fill(record.commit, record, "commit", head->commit, ".git/HEAD");
  if (!record.commit_time && head->time && *head->time >= 0 && *head->time <= kLatest) {
    record.commit_time = head->time;
    record.origins["commit_time"] = "the commit";
  }
  // The branch of a change or a tag is what the environment says of it, or nothing.
  if (!record.is_change() && record.tag.empty())
    fill(record.branch, record, "branch", head->branch, ".git/HEAD");
  fill(record.default_branch, record, "default_branch", head->default_branch,
       ".git/refs/remotes/origin/HEAD");
  const std::string url = web_url(head->origin_url);
  fill(record.repository_url, record, "repository_url", url, ".git/config");
  fill(record.repository_path, record, "repository_path", path_of_repository(url), ".git/config");
  decide_default_branch(record);
}

}  // namespace cooper::adapters
