// The refs that a remote repository has, and what a user's ref means among them. Private to context.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "context/git_url.h"

namespace cooper::context {

// A commit, and how it was asked for.
struct GitRevision {
  std::string
      commit;       // 40 hex digits; of a tag object until it is fetched, when that was asked for by its id
  std::string ref;  // "refs/heads/main", "refs/tags/v1"; "" when it was asked for by its id
  std::string tag;  // the annotated tag's object, "" for none
};

struct GitRefs {
  // Full name → object. "refs/tags/v1^{}" is what the annotated tag "refs/tags/v1" stands for; "HEAD" is one,
  // too.
  std::map<std::string, std::string> objects;
  std::string head_target;  // the branch that HEAD is, "" when it is none

  // The object of `name`, "" for none.
  std::string find(const std::string& name) const;
  // A ref whose object `revision` is: its own while that is where it was, another, or "".
  std::string at(const GitRevision& revision) const;
};

// What `ref` means: a branch, a tag, "refs/…"; "" is the default branch. Branches win over tags of the same
// name. Throws Error{kContext} naming the repository `url` and the ref, with a hint, when there is none.
GitRevision resolve_ref(const GitRefs& refs, const std::string& ref, const GitUrl& url);

// Whether all of `text` is a commit id in full.
bool is_commit_id(std::string_view text);

// Throws Error{kContext} naming both unless `checksum` (a commit or tag object, or its beginning; "" for
// none) is what `revision` has.
void check_revision(const GitRevision& revision, const std::string& checksum, const GitUrl& url);

}  // namespace cooper::context
