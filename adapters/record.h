// What every CI system is read into: the run, normalised. Tags, labels, annotations and cache policy derive
// from this record alone (normalize.h), so that a commit gets the same ones on every CI.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace cooper::adapters {

// Strings are "" where the platform does not say.
struct Record {
  std::string ci;           // "gitlab"
  std::string commit;       // 40 or 64 hex digits: what is built
  std::string head_commit;  // of a change's source, where a merge result is built
  std::string branch;       // the change's source branch for a change
  std::string tag;          // of git
  std::string default_branch;
  std::optional<bool> on_default_branch;  // nullopt: unknown
  std::string change;                     // number of the merge or pull request
  std::string change_target;              // its target branch
  bool is_fork = false;                   // the change comes from another repository
  bool is_scheduled = false;
  std::optional<bool> is_trusted;  // a protected ref, as far as the platform knows; nullopt: unknown
  std::string repository_path;     // "group/app", as spelled
  std::string repository_url;      // "https://host/group/app", never with user info
  std::string description;         // of the repository
  std::string run_id;
  std::string run_url;
  std::string workspace;                    // directory of the checkout, absolute
  std::optional<std::int64_t> commit_time;  // seconds since the epoch
  std::optional<std::int64_t> started;      // of the run, seconds since the epoch
  std::string image_base;                   // "registry.example.com/group/app", lower case
  bool may_move_tags = true;                // false: another of this run's parallel jobs moves them
  std::string ca_file;                      // PEM of the platform's own certificate authority
  // Field → the variable, or the file of the checkout, that it was read from; for people.
  std::map<std::string, std::string> origins;

  bool is_change() const { return !change.empty(); }
};

}  // namespace cooper::adapters
