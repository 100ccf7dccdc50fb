#include "context/git_time.h"

#include <git2.h>
#include <memory>

namespace cooper::context {
namespace {

struct Library {
  Library() {
    git_libgit2_init();
    // CI checkouts often belong to another user than the job's; reading a commit's time runs nothing of
    // theirs.
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
  }
  ~Library() { git_libgit2_shutdown(); }
};

template <typename T, void (*Free)(T*)>
struct Release {
  void operator()(T* pointer) const { Free(pointer); }
};
template <typename T, void (*Free)(T*)>
using Handle = std::unique_ptr<T, Release<T, Free>>;

}  // namespace

std::optional<std::int64_t> head_commit_time(const std::string& directory) {
  Library library;
  git_repository* opened = nullptr;
  if (git_repository_open_ext(&opened, directory.c_str(), 0, nullptr) != 0) return std::nullopt;
  Handle<git_repository, git_repository_free> repository(opened);
  git_oid head;
  if (git_reference_name_to_id(&head, repository.get(), "HEAD") != 0) return std::nullopt;
  git_commit* found = nullptr;
  if (git_commit_lookup(&found, repository.get(), &head) != 0) return std::nullopt;
  Handle<git_commit, git_commit_free> commit(found);
  return git_commit_time(commit.get());
}

}  // namespace cooper::context
