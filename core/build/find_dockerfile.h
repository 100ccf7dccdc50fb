// Where the Dockerfile is: named by -f, or in the context under its usual name; and the ignore file beside
// it.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "build/request.h"
#include "ops/remote_source.h"
#include "snapshot/tree_view.h"

namespace cooper::build {

struct FoundDockerfile {
  std::string name;  // for messages
  std::string text;
  std::optional<std::string> ignore;  // <Dockerfile>.dockerignore beside it
};

// Small texts of a tree: nullopt for what is not there. Symlinks are followed inside the tree. Throws
// Error{kContext} for what is no file, Error{kCorrupt} for one that is too large.
std::optional<std::string> read_text(const snapshot::TreeView& tree, const std::string& path);

class DockerfileFinder {
 public:
  // `standard_input` is read when -f is "-"; `http` fetches when it is a URL.
  DockerfileFinder(const BuildRequest& request, int standard_input, ops::RemoteSource& http)
      : request_(request), standard_input_(standard_input), http_(http) {}

  // Of a context that is a directory: -f is relative to the working directory, as with buildx.
  FoundDockerfile in_directory(const std::string& directory, const std::stop_token& stop) const;
  // Of any other context: a relative -f is a path in it, an absolute one is a file here.
  FoundDockerfile in_tree(const snapshot::TreeView& tree, const std::stop_token& stop) const;
  // Whether -f names something that is not in the context.
  bool is_elsewhere() const;

 private:
  std::optional<FoundDockerfile> elsewhere(const std::stop_token& stop) const;
  FoundDockerfile fetch(const std::string& url, const std::stop_token& stop) const;

  const BuildRequest& request_;
  int standard_input_;
  ops::RemoteSource& http_;
};

}  // namespace cooper::build
