#include "context/git_directory.h"

#include <fmt/core.h>

#include "base/cancellation.h"
#include "os/beneath.h"
#include "os/fd.h"

namespace cooper::context {
namespace {

void write_config(const GitDirectory& directory, const GitRepository& repository) {
  const std::string path = directory.path + "/config";
  os::write_file_atomically(path, "");
  const auto config =
      git_get<GitConfigHandle>("make a git configuration", git_config_open_ondisk, path.c_str());
  const auto set = [&](const std::string& key, const std::string& value) {
    check_git(git_config_set_string(config.get(), key.c_str(), value.c_str()), "write a git configuration");
  };
  set("core.repositoryformatversion", "0");
  set("core.filemode", "true");
  set("core.bare", "false");
  set("core.logallrefupdates", "true");
  if (!directory.work_tree.empty()) set("core.worktree", directory.work_tree);
  set("remote.origin.url", repository.url().str());
  set("remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*");
  for (const auto& [name, url] : directory.submodules) {
    set("submodule." + name + ".active", "true");
    set("submodule." + name + ".url", url);
  }
}

void write_refs(const std::string& path, const GitRevision& revision) {
  os::make_directories(path + "/refs/heads");
  os::make_directories(path + "/refs/tags");
  os::write_file_atomically(path + "/HEAD", revision.commit + "\n");
  if (revision.ref.empty()) return;
  std::string packed = "# pack-refs with: peeled fully-peeled sorted \n";
  packed += fmt::format("{} {}\n", revision.tag.empty() ? revision.commit : revision.tag, revision.ref);
  if (!revision.tag.empty()) packed += "^" + revision.commit + "\n";
  os::write_file_atomically(path + "/packed-refs", packed);
}

// The commit with its trees and files, and the tag; no parent.
void write_objects(const std::string& path, git_repository* repository, const GitRevision& revision,
                   git_commit* commit, std::stop_token stop) {
  os::make_directories(path + "/objects/info");
  os::make_directories(path + "/objects/pack");
  const auto builder = git_get<GitPackBuilderHandle>("pack git objects", git_packbuilder_new, repository);
  // Where work is divided differently, other deltas are found.
  git_packbuilder_set_threads(builder.get(), 1);
  git_packbuilder_set_callbacks(
      builder.get(),
      [](int, std::uint32_t, std::uint32_t, void* token) {
        return static_cast<std::stop_token*>(token)->stop_requested() ? GIT_EUSER : 0;
      },
      &stop);
  int result = 0;
  if (!revision.tag.empty()) {
    const git_oid tag = parse_object_id(revision.tag);
    result = git_packbuilder_insert(builder.get(), &tag, nullptr);
  }
  if (result == 0) result = git_packbuilder_insert_commit(builder.get(), git_commit_id(commit));
  if (result == 0)
    result = git_packbuilder_write(builder.get(), (path + "/objects/pack").c_str(), 0, nullptr, nullptr);
  base::throw_if_stopped(stop);
  check_git(result, "pack the commit's git objects");
  if (git_commit_parentcount(commit) > 0)
    os::write_file_atomically(path + "/shallow", revision.commit + "\n");
}

void write_index(const std::string& path, git_commit* commit) {
  const auto tree = git_get<GitTreeHandle>("read a commit's tree", git_commit_tree, commit);
  const auto index = git_get<GitIndexHandle>("make a git index", git_index_open, (path + "/index").c_str());
  check_git(git_index_read_tree(index.get(), tree.get()), "fill a git index");
  check_git(git_index_write(index.get()), "write a git index");
}

}  // namespace

void write_git_directory(const GitDirectory& directory, const GitRepository& repository,
                         const GitRevision& revision, const std::stop_token& stop) {
  const GitRepositoryHandle cache = repository.open();
  const git_oid id = parse_object_id(revision.commit);
  const auto commit = git_get<GitCommitHandle>("read a git commit", git_commit_lookup, cache.get(), &id);
  os::make_directories(directory.path);
  write_objects(directory.path, cache.get(), revision, commit.get(), stop);
  write_refs(directory.path, revision);
  write_index(directory.path, commit.get());
  write_config(directory, repository);
}

}  // namespace cooper::context
