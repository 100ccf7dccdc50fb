#include "context/git_time.h"

#include "context/git_library.h"

namespace cooper::context {

std::optional<std::int64_t> head_commit_time(const std::string& directory) {
  set_up_git_library();
  git_repository* opened = nullptr;
  if (git_repository_open_ext(&opened, directory.c_str(), 0, nullptr) != 0) return std::nullopt;
  const GitRepositoryHandle repository(opened);
  git_oid head;
  if (git_reference_name_to_id(&head, repository.get(), "HEAD") != 0) return std::nullopt;
  git_commit* found = nullptr;
  if (git_commit_lookup(&found, repository.get(), &head) != 0) return std::nullopt;
  const GitCommitHandle commit(found);
  return git_commit_time(commit.get());
}

}  // namespace cooper::context
