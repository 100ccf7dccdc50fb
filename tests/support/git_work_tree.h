// A git work tree to be fetched from: made with the git program, the same object ids every time.
#pragma once

#include <string>
#include <vector>

namespace cooper::support {

class GitWorkTree {
 public:
  // Makes `directory` and an empty repository in it, whose branch is "main".
  explicit GitWorkTree(std::string directory);

  const std::string& directory() const { return directory_; }
  // Runs git here; returns what it prints, without the last line break. Throws when it fails.
  std::string git(const std::vector<std::string>& arguments) const;
  void write(const std::string& path, const std::string& content) const;
  // Commits everything that is there; returns the commit's id. The first commit is made at 1700000000, each
  // later one a second after.
  std::string commit(const std::string& message);
  // Writes, and commits what was written.
  std::string commit_file(const std::string& path, const std::string& content);
  // A submodule at `path`, as .gitmodules and a gitlink, whatever `url` is.
  void add_submodule(const std::string& path, const std::string& url, const std::string& commit,
                     const std::string& name = "");

 private:
  std::string directory_;
  int commits_ = 0;
};

}  // namespace cooper::support
