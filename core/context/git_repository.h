// A git repository on a server, and what was fetched of it before: a bare object cache beneath a directory.
//
// Objects are named by what they hold, so the cache only grows and is right whatever happened in between; a
// lock keeps fetches of several processes apart. It holds no URL, no credential and no ref of the remote,
// only refs/cooper/<commit> for what was fetched, so that the next fetch brings what is new. Fetched is the
// one ref that is wanted, without tags, with its whole history: libgit2 1.5 has no shallow fetch. A commit
// that no ref of the remote has at its tip is asked for by its id where the server allows it, else found in
// all branches and tags.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "context/git_access.h"
#include "context/git_library.h"
#include "context/git_refs.h"
#include "context/git_url.h"

namespace cooper::context {

class GitRepository {
 public:
  // Its objects are kept in a directory of its own beneath `cache_root`, which is made when missing. `main`
  // is as in find_git_credential().
  GitRepository(GitUrl url, GitUrl main, std::string cache_root, GitAccess access);

  const GitUrl& url() const { return url_; }

  // What `ref` is now: a branch, a tag, "refs/…", a full commit id, or "" for the remote's default branch.
  // Branches win over tags of the same name. Asks the remote, unless it is a commit id. Throws
  // Error{kContext} naming repository and ref when it has none; Error{kAuth}.
  GitRevision resolve(const std::string& ref, const std::stop_token& stop) const;
  // Has the objects of `revision` here afterwards; asks the remote only when they are not, or are damaged.
  // Returns it with tags followed to their commit.
  GitRevision fetch(const GitRevision& revision, const std::stop_token& stop) const;

  // What a submodule's `url` in this repository names.
  GitRepository submodule(std::string_view url) const;

  // Removes what was fetched, because it turned out to be damaged.
  void forget(const std::stop_token& stop) const;

  // The committer's time of a fetched commit, seconds since the epoch.
  std::int64_t commit_time(const std::string& commit) const;
  // The object cache, for reading what was fetched.
  GitRepositoryHandle open() const;

 private:
  GitRepositoryHandle open_or_make() const;
  void download(git_repository* repository, const GitRevision& revision, const std::stop_token& stop) const;
  GitRevision fetch_locked(const GitRevision& revision, const std::stop_token& stop) const;

  GitUrl url_;
  GitUrl main_;
  std::string cache_root_;
  std::string directory_;
  GitAccess access_;
};

}  // namespace cooper::context
