// libgit2 as this project uses it: set up once, its objects owned, its errors ours.
//
// It reads no configuration of the machine or its user (what a repository gives must not depend on who builds
// it, and url.insteadOf or http.extraHeader must not send anything elsewhere), runs no program, and believes
// no repository's own configuration that we did not write. Private to context.
#pragma once

#include <git2.h>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace cooper::context {

// Before the first call of libgit2; any number of times, from any thread.
void set_up_git_library();

template <typename T, void (*Free)(T*)>
struct GitRelease {
  void operator()(T* pointer) const { Free(pointer); }
};
template <typename T, void (*Free)(T*)>
using GitHandle = std::unique_ptr<T, GitRelease<T, Free>>;

using GitRepositoryHandle = GitHandle<git_repository, git_repository_free>;
using GitOdbHandle = GitHandle<git_odb, git_odb_free>;
using GitOdbObjectHandle = GitHandle<git_odb_object, git_odb_object_free>;
using GitObjectHandle = GitHandle<git_object, git_object_free>;
using GitCommitHandle = GitHandle<git_commit, git_commit_free>;
using GitTreeHandle = GitHandle<git_tree, git_tree_free>;
using GitBlobHandle = GitHandle<git_blob, git_blob_free>;
using GitTreeEntryHandle = GitHandle<git_tree_entry, git_tree_entry_free>;
using GitRemoteHandle = GitHandle<git_remote, git_remote_free>;
using GitReferenceHandle = GitHandle<git_reference, git_reference_free>;
using GitConfigHandle = GitHandle<git_config, git_config_free>;
using GitIndexHandle = GitHandle<git_index, git_index_free>;
using GitPackBuilderHandle = GitHandle<git_packbuilder, git_packbuilder_free>;
using GitFilterListHandle = GitHandle<git_filter_list, git_filter_list_free>;

// What `Lookup(T** out, arguments...)` gives, owned; throws Error{kCorrupt} "cannot <doing>: <libgit2's
// reason>".
template <typename Handle, typename Call, typename... Arguments>
Handle git_get(std::string_view doing, Call call, Arguments... arguments);

// The Error for libgit2's last failure on this thread: of `kind`, or kIo where the disk is full. What a
// remote said in it is made printable.
base::Error git_error(base::ErrorKind kind, std::string_view doing);
// Throws git_error(kCorrupt, doing) when `result` is negative; returns it otherwise.
int check_git(int result, std::string_view doing);

git_oid parse_object_id(const std::string& hex);  // 40 hex digits; throws Error{kCorrupt}
std::string object_id_hex(const git_oid& id);

template <typename Handle, typename Call, typename... Arguments>
Handle git_get(std::string_view doing, Call call, Arguments... arguments) {
  typename Handle::pointer found = nullptr;
  check_git(call(&found, arguments...), doing);
  return Handle(found);
}

}  // namespace cooper::context
