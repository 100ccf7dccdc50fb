// Sources that ADD fetches: git repositories and HTTP files, told apart by their spelling.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cooper::dockerfile {

struct GitRef {
  std::string remote;  // without fragment and query
  std::string ref;
  std::string subdir;
  std::string checksum;
  std::optional<bool> keep_git_dir;
  std::optional<bool> submodules;
};

// nullopt when `text` names no git repository. `known_git` takes any URL for one. Throws Error{kDockerfile}
// for a repository with a bad fragment or query.
std::optional<GitRef> parse_git_ref(std::string_view text, bool known_git = false);

bool is_http_source(std::string_view text);
// The file name that a URL's path ends in, "__unnamed__" without one.
std::string http_filename(std::string_view url);

}  // namespace cooper::dockerfile
