// A project's context on disk. Only what differs from the last state is written, in place, as editors do: a
// file keeps its inode, and often its size and time, while its content changes.
#pragma once

#include <map>
#include <string>

#include "tests/e2e/equivalence/project.h"

namespace cooper::equivalence {

class WorkTree {
 public:
  // `is_git`: every write() is a commit.
  WorkTree(std::string directory, bool is_git, bool has_dockerfile);

  void write(const State& state);
  const std::string& directory() const { return directory_; }
  // Where the Dockerfile is.
  std::string dockerfile() const;

 private:
  void remove_changed(const State& state);
  void write_node(const Node& node) const;
  void set_times(const State& state) const;
  void commit(const State& state) const;

  std::string directory_;
  bool is_git_;
  bool has_dockerfile_;
  std::map<std::string, Node> written_;  // by path
};

// Writes `content` over what `path` holds.
void write_file(const std::string& path, const std::string& content);

}  // namespace cooper::equivalence
