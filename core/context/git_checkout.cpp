#include "context/git_checkout.h"

#include <algorithm>
#include <fcntl.h>
#include <fmt/core.h>
#include <optional>
#include <unistd.h>
#include <vector>

#include "base/text.h"
#include "context/git_directory.h"
#include "context/git_modules.h"
#include "context/git_tree_writer.h"
#include "os/beneath.h"
#include "snapshot/entry.h"

namespace cooper::context {
namespace {

constexpr int kDeepestSubmodule = 16;
constexpr git_object_size_t kLargestGitModules = 1 << 20;

// A commit that is open for reading.
struct OpenCommit {
  OpenCommit(const GitRepository& from, const GitRevision& what)
      : repository(from),
        revision(what),
        cache(from.open()),
        id(parse_object_id(what.commit)),
        commit(git_get<GitCommitHandle>("read commit '" + what.commit + "'", git_commit_lookup, cache.get(),
                                        &id)),
        tree(git_get<GitTreeHandle>("read the tree of '" + what.commit + "'", git_commit_tree,
                                    commit.get())) {}

  const GitRepository& repository;
  const GitRevision& revision;
  GitRepositoryHandle cache;
  git_oid id;
  GitCommitHandle commit;
  GitTreeHandle tree;
};

std::vector<GitModule> modules_of(const OpenCommit& at) {
  const git_tree_entry* entry = git_tree_entry_byname(at.tree.get(), ".gitmodules");
  if (entry == nullptr) return {};
  const git_filemode_t mode = git_tree_entry_filemode(entry);
  if (mode != GIT_FILEMODE_BLOB && mode != GIT_FILEMODE_BLOB_EXECUTABLE)
    throw base::Error(base::ErrorKind::kContext, "the repository's .gitmodules is no file");
  const auto blob =
      git_get<GitBlobHandle>("read .gitmodules", git_blob_lookup, at.cache.get(), git_tree_entry_id(entry));
  if (git_blob_rawsize(blob.get()) > static_cast<git_object_size_t>(kLargestGitModules))
    throw base::Error(base::ErrorKind::kContext, "the repository's .gitmodules is larger than 1 MiB");
  return read_git_modules({static_cast<const char*>(git_blob_rawcontent(blob.get())),
                           static_cast<std::size_t>(git_blob_rawsize(blob.get()))});
}

const GitModule& module_at(const std::vector<GitModule>& modules, const std::string& path) {
  for (const GitModule& module : modules) {
    if (module.path == path && !module.url.empty()) return module;
  }
  throw base::Error(base::ErrorKind::kContext,
                    fmt::format("the submodule '{}' has no URL in .gitmodules", path))
      .hint("mend .gitmodules, or leave submodules out with '?submodules=false' in the URL");
}

// "../../" for two components.
std::string way_up(const std::string& path) {
  std::string up;
  for (const std::string& part : base::split(path, '/')) {
    if (!part.empty()) up += "../";
  }
  return up;
}

class Checkout {
 public:
  Checkout(const GitCheckoutOptions& options, std::string directory, std::stop_token stop)
      : options_(options), directory_(std::move(directory)), root_(directory_), stop_(std::move(stop)) {}

  // `subdir` of `revision`, to `place` below the directory. `git_dir` is where its .git is, below the
  // directory,
  // "" for none.
  void write(const GitRepository& repository, const GitRevision& revision, const std::string& subdir,
             const std::string& place, const std::string& git_dir) {
    if (++depth_ > kDeepestSubmodule) {
      throw base::Error(base::ErrorKind::kContext,
                        fmt::format("submodules nest deeper than {}", kDeepestSubmodule));
    }
    if (!write_or_forget(repository, revision, subdir, place, git_dir)) {
      throw base::Error(base::ErrorKind::kContext,
                        fmt::format("git repository '{}' has no directory '{}' in '{}'",
                                    repository.url().str(), subdir, revision.commit));
    }
    --depth_;
  }

 private:
  bool write_or_forget(const GitRepository& repository, const GitRevision& revision,
                       const std::string& subdir, const std::string& place, const std::string& git_dir) {
    try {
      return write_subdir(OpenCommit(repository, revision), subdir, place, git_dir);
    } catch (base::Error& error) {
      // That of a submodule has seen to it already.
      if (error.kind() == base::ErrorKind::kCorrupt && !error.is_retryable()) {
        repository.forget(stop_);
        error.retryable();
      }
      throw;
    }
  }

  // Goes down to `subdir`, into a submodule where it leads there. False when it leads nowhere.
  bool write_subdir(const OpenCommit& at, const std::string& subdir, const std::string& place,
                    const std::string& git_dir) {
    bool has_attributes = false;
    GitTreeHandle tree = git_get<GitTreeHandle>("read a git tree", git_tree_lookup, at.cache.get(),
                                                git_tree_id(at.tree.get()));
    std::string path;
    for (const std::string& name : base::split(subdir, '/')) {
      if (name.empty()) continue;
      has_attributes = has_attributes || git_tree_entry_byname(tree.get(), ".gitattributes") != nullptr;
      const git_tree_entry* entry = git_tree_entry_byname(tree.get(), name.c_str());
      path = snapshot::join_path(path, name);
      if (entry == nullptr) return false;
      if (git_tree_entry_filemode(entry) == GIT_FILEMODE_COMMIT && options_.submodules) {
        const std::vector<GitModule> modules = modules_of(at);
        const std::string rest = subdir.size() == path.size() ? "" : subdir.substr(path.size() + 1);
        write_submodule(at, module_at(modules, path), object_id_hex(*git_tree_entry_id(entry)), rest, place,
                        "");
        return true;
      }
      if (git_tree_entry_filemode(entry) != GIT_FILEMODE_TREE) return false;
      tree = git_get<GitTreeHandle>("read the tree '" + path + "'", git_tree_lookup, at.cache.get(),
                                    git_tree_entry_id(entry));
    }
    write_tree(at, tree.get(), path, place, git_dir, has_attributes);
    return true;
  }

  void write_tree(const OpenCommit& at, const git_tree* tree, const std::string& path,
                  const std::string& place, const std::string& git_dir, bool has_attributes) {
    GitTreeWriter writer(at.cache.get(), at.id, stop_);
    writer.write(tree, path, root_.open_exact(place.empty() ? "." : place, O_RDONLY | O_DIRECTORY),
                 has_attributes);
    std::vector<GitLink> links;
    std::vector<GitModule> modules;
    if (options_.submodules && !writer.links().empty()) {
      modules = modules_of(at);
      for (const GitLink& link : writer.links()) {
        if (!module_at(modules, link.path).skip) links.push_back(link);
      }
    }
    if (!git_dir.empty()) write_git_dir(at, place, git_dir, links, modules);
    const std::size_t prefix = path.empty() ? 0 : path.size() + 1;
    for (const GitLink& link : links) {
      const GitModule& module = module_at(modules, link.path);
      write_submodule(at, module, link.commit, "", snapshot::join_path(place, link.path.substr(prefix)),
                      git_dir.empty() ? "" : git_dir + "/modules/" + module.name);
    }
  }

  void write_submodule(const OpenCommit& at, const GitModule& module, const std::string& commit,
                       const std::string& subdir, const std::string& place, const std::string& git_dir) {
    try {
      const GitRepository submodule = at.repository.submodule(module.url);
      write(submodule, submodule.fetch({commit, "", ""}, stop_), subdir, place, git_dir);
    } catch (base::Error& error) {
      throw error.context(fmt::format("submodule '{}' of '{}'", module.path, at.repository.url().str()));
    }
  }

  void write_git_dir(const OpenCommit& at, const std::string& place, const std::string& git_dir,
                     const std::vector<GitLink>& links, const std::vector<GitModule>& modules) {
    GitDirectory made;
    made.path = directory_ + "/" + git_dir;
    for (const GitLink& link : links) {
      const GitModule& module = module_at(modules, link.path);
      made.submodules.emplace_back(module.name, at.repository.submodule(module.url).url().str());
    }
    if (!place.empty()) {
      made.work_tree = way_up(git_dir) + place;
      const std::string line = "gitdir: " + way_up(place) + git_dir + "\n";
      const os::Fd file = root_.open_exact(place + "/.git", O_WRONLY | O_CREAT | O_EXCL, 0644);
      os::FdSink(file.get(), ".git").write(std::as_bytes(std::span(line)));
    }
    write_git_directory(made, at.repository, at.revision, stop_);
  }

  const GitCheckoutOptions& options_;
  const std::string directory_;
  const os::Root root_;
  const std::stop_token stop_;
  int depth_ = 0;
};

}  // namespace

void check_out(const GitRepository& repository, const GitRevision& revision,
               const GitCheckoutOptions& options, const std::string& directory, const std::stop_token& stop) {
  const bool keep = options.keep_git_dir && options.subdir.empty();
  Checkout(options, directory, stop).write(repository, revision, options.subdir, "", keep ? ".git" : "");
}

}  // namespace cooper::context
