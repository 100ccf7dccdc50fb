// Writes git trees as directories, safely: see git_checkout.h. Private to context.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "context/git_library.h"
#include "os/fd.h"

namespace cooper::context {

// A submodule's place in a tree.
struct GitLink {
  std::string path;  // in the repository
  std::string commit;
};

class GitTreeWriter {
 public:
  GitTreeWriter(git_repository* repository, const git_oid& commit, std::stop_token stop)
      : repository_(repository), commit_(commit), stop_(std::move(stop)) {}

  // Writes what is in `tree`, which is at `path` of the commit, into `directory`. `has_attributes`: a
  // directory above has a .gitattributes file.
  void write(const git_tree* tree, const std::string& path, const os::Fd& directory, bool has_attributes);

  // The submodules that were met; each has an empty directory now.
  const std::vector<GitLink>& links() const { return links_; }

 private:
  void write_entry(const git_tree_entry* entry, const std::string& path, const os::Fd& directory,
                   bool has_attributes);
  void write_file(const git_tree_entry* entry, const std::string& path, const os::Fd& directory,
                  bool has_attributes);
  void write_link(const git_tree_entry* entry, const std::string& path, const os::Fd& directory);
  GitBlobHandle read_blob(const git_tree_entry* entry, const std::string& path) const;

  git_repository* repository_;
  git_oid commit_;
  std::stop_token stop_;
  int depth_ = 0;
  std::vector<GitLink> links_;
};

// Whether git refuses a file or directory of this name.
bool is_refused_name(std::string_view name);

}  // namespace cooper::context
