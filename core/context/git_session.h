// One conversation with a remote repository: its refs, and what is downloaded of it. Private to context.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "context/git_library.h"
#include "context/git_refs.h"
#include "context/git_transport.h"

namespace cooper::context {

class GitSession {
 public:
  // Connects. `repository` takes what is downloaded; null where only the refs are wanted. `main` is as in
  // find_git_credential(). Throws Error{kContext}, Error{kAuth} naming the repository.
  GitSession(GitUrl url, const GitUrl& main, const GitAccess& access, git_repository* repository,
             const std::stop_token& stop);
  ~GitSession();

  const GitRefs& refs() const { return refs_; }
  // Brings the commit, or tag, with what it needs. Throws Error{kContext} when the remote has it no more.
  void download(const GitRevision& revision);

 private:
  void connect();
  void list_refs();
  bool try_refspecs(const std::vector<std::string>& refspecs);
  [[noreturn]] void fail(std::string_view doing) const;

  const GitUrl url_;
  git_repository* repository_;
  GitBridge bridge_;
  git_remote_callbacks callbacks_;
  GitRemoteHandle remote_;  // null where the server only gives files
  GitRefs refs_;
};

bool has_git_object(git_repository* repository, const std::string& id);

}  // namespace cooper::context
