#include "adapters/normalize.h"

#include <chrono>
#include <ctime>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "adapters/cache_policy.h"
#include "adapters/tags.h"

namespace cooper::adapters {
namespace {

constexpr std::size_t kShortCommit = 12;
const std::string kStandard = "org.opencontainers.image.";

// A label or an annotation.
struct Entry {
  std::string key;
  std::string value;
  std::string origin;
};
using Entries = std::vector<Entry>;

std::string commit_tag(const Record& record) {
  return "sha-" + record.commit.substr(0, kShortCommit);
}

std::string origin_of(const Record& record, const std::string& field) {
  const auto found = record.origins.find(field);
  return found == record.origins.end() ? record.ci : found->second;
}

// What the tags are made of.
std::string field_of_tags(const Record& record) {
  if (record.is_change()) return "change";
  if (!record.tag.empty()) return "tag";
  return record.branch.empty() ? "commit" : "branch";
}

std::vector<std::string> tags_of_change(const Record& record) {
  std::vector<std::string> tags;
  if (!record.commit.empty()) tags.push_back(commit_tag(record));
  if (!record.may_move_tags) return tags;
  tags.push_back("pr-" + record.change);
  if (record.ci == "gitlab") tags.push_back("mr-" + record.change);  // what its users call them
  return tags;
}

std::vector<std::string> tags_of_branch(const Record& record, const TagPolicy& policy) {
  std::vector<std::string> tags;
  if (!record.commit.empty()) tags.push_back(commit_tag(record));
  if (!record.may_move_tags) return tags;
  if (!record.branch.empty()) tags.push_back(branch_tag(record.branch));
  if (record.is_scheduled && policy.nightly) tags.emplace_back("nightly");
  if (record.on_default_branch == true) tags.emplace_back("latest");
  return tags;
}

// The name that the image's version goes by.
std::string version_of(const Record& record) {
  if (record.is_change()) return "pr-" + record.change;
  if (!record.tag.empty()) return tags_of_git_tag(record.tag).front();
  return record.branch.empty() ? "" : branch_tag(record.branch);
}

std::string title_of(const Record& record, const std::string& suffix) {
  const std::size_t slash = record.repository_path.rfind('/');
  const std::string title =
      record.repository_path.substr(slash == std::string::npos ? 0 : slash + 1) + suffix;
  return title.starts_with('/') ? title.substr(1) : title;
}

std::string timestamp(std::int64_t seconds) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

// Of the record's field `field`; nothing for an empty value.
void add(Entries& entries, const Record& record, const std::string& key, const std::string& value,
         const std::string& field) {
  if (!value.empty()) entries.push_back({key, value, origin_of(record, field)});
}

// What every run of this commit says alike, on every CI.
Entries of_commit(const Record& record, const std::string& suffix) {
  const std::string ref = field_of_tags(record);
  const bool is_tag = !record.tag.empty();
  Entries entries;
  if (record.commit_time)
    add(entries, record, kStandard + "created", timestamp(*record.commit_time), "commit_time");
  add(entries, record, kStandard + "revision", record.commit, "commit");
  add(entries, record, kStandard + "source", record.repository_url, "repository_url");
  add(entries, record, kStandard + "url", record.repository_url, "repository_url");
  add(entries, record, kStandard + "version", version_of(record), ref);
  add(entries, record, kStandard + "ref.name", is_tag ? record.tag : record.branch,
      is_tag ? "tag" : "branch");
  add(entries, record, kStandard + "title", title_of(record, suffix), "repository_path");
  return entries;
}

// What only this run, or only this platform, can say.
Entries of_run(const Record& record) {
  Entries entries;
  add(entries, record, kStandard + "description", record.description, "description");
  add(entries, record, "cooper.run.url", record.run_url, "run_url");
  add(entries, record, "cooper.run.id", record.run_id, "run_id");
  return entries;
}

void add_metadata(std::vector<Option>& options, const Record& record, const std::string& suffix,
                  bool has_several_platforms) {
  const std::string place = has_several_platforms ? "index,manifest:" : "";
  const Entries of_both = of_commit(record, suffix);
  for (const Entry& entry : of_both)
    options.push_back({"--label", entry.key + "=" + entry.value, entry.origin});
  for (const Entries& entries : {of_both, of_run(record)}) {
    for (const Entry& entry : entries)
      options.push_back({"--annotation", place + entry.key + "=" + entry.value, entry.origin});
  }
}

// Docker Hub knows no deeper names than "user/app".
std::string cache_repository(const std::string& base) {
  return base + (base.starts_with("docker.io/") ? "-cache" : "/cache");
}

}  // namespace

std::vector<std::string> tags_of(const Record& record, const TagPolicy& policy) {
  if (record.is_fork && !policy.push_forks) return {};
  if (record.is_change()) return policy.push_changes ? tags_of_change(record) : std::vector<std::string>();
  if (record.tag.empty()) return tags_of_branch(record, policy);
  std::vector<std::string> tags = tags_of_git_tag(record.tag);
  if (!record.may_move_tags) tags.resize(1);
  return tags;
}

std::vector<Option> default_options(const Record& record, const TagPolicy& policy, const std::string& suffix,
                                    bool has_several_platforms) {
  std::vector<Option> options;
  if (!record.image_base.empty()) {
    const std::string origin = origin_of(record, field_of_tags(record));
    for (const std::string& tag : tags_of(record, policy))
      options.push_back({"--tag", record.image_base + suffix + ":" + tag, origin});
    if (!options.empty()) options.push_back({"--push", "true", record.ci});
  }
  add_metadata(options, record, suffix, has_several_platforms);
  if (!record.image_base.empty()) {
    const std::string place = "type=registry,ref=" + cache_repository(record.image_base);
    for (Option& option : cache_options(record, {place, place, origin_of(record, "image_base")}))
      options.push_back(std::move(option));
  }
  if (record.commit_time) {
    options.push_back(
        {"--source-date-epoch", std::to_string(*record.commit_time), origin_of(record, "commit_time")});
  }
  return options;
}

}  // namespace cooper::adapters
