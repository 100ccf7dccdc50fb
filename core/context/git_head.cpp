#include "context/git_head.h"

#include "context/git_library.h"

namespace cooper::context {
namespace {

constexpr std::string_view kBranches = "refs/heads/";
constexpr std::string_view kRemoteBranches = "refs/remotes/origin/";

// What follows `beginning` in the name that the symbolic reference `name` stands for.
std::string target_of(git_repository* repository, const char* name, std::string_view beginning) {
  git_reference* found = nullptr;
  if (git_reference_lookup(&found, repository, name) != 0) return "";
  const GitReferenceHandle reference(found);
  const char* target = git_reference_symbolic_target(found);
  if (target == nullptr || !std::string_view(target).starts_with(beginning)) return "";
  return target + beginning.size();
}

std::string origin_of(git_repository* repository) {
  git_remote* found = nullptr;
  if (git_remote_lookup(&found, repository, "origin") != 0) return "";
  const GitRemoteHandle remote(found);
  const char* url = git_remote_url(found);
  return url == nullptr ? "" : url;
}

std::optional<std::int64_t> time_of(git_repository* repository, const git_oid& id) {
  git_commit* found = nullptr;
  if (git_commit_lookup(&found, repository, &id) != 0) return std::nullopt;
  return git_commit_time(GitCommitHandle(found).get());
}

}  // namespace

std::optional<GitHead> read_git_head(const std::string& directory, const std::string& commit) {
  set_up_git_library();
  git_repository* opened = nullptr;
  // Not in a parent: what lies above a checkout is another repository.
  if (git_repository_open_ext(&opened, directory.c_str(), GIT_REPOSITORY_OPEN_NO_SEARCH, nullptr) != 0)
    return std::nullopt;
  const GitRepositoryHandle repository(opened);
  git_oid id;
  const bool has_head = git_reference_name_to_id(&id, opened, "HEAD") == 0;
  GitHead head;
  if (has_head) head.branch = target_of(opened, "HEAD", kBranches);
  const bool is_another = !commit.empty() && (!has_head || object_id_hex(id) != commit);
  if (is_another) {
    head.branch.clear();
    if (commit.size() != GIT_OID_HEXSZ || git_oid_fromstr(&id, commit.c_str()) != 0) return std::nullopt;
  } else if (!has_head) {
    return std::nullopt;
  }
  head.commit = object_id_hex(id);
  head.time = time_of(opened, id);
  if (is_another && !head.time) return std::nullopt;
  head.origin_url = origin_of(opened);
  head.default_branch = target_of(opened, "refs/remotes/origin/HEAD", kRemoteBranches);
  return head;
}

}  // namespace cooper::context
