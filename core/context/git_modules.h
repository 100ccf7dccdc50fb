// The submodules that a commit's .gitmodules describes: gitmodules(5).
//
// The file comes from whoever can push to the repository. It is read by libgit2's parser of configuration,
// but may not include other files, and a name may not lead out of the directory that is made for it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cooper::context {

struct GitModule {
  std::string name;
  std::string path;   // where its gitlink is
  std::string url;    // as written: absolute, or relative to the repository's own
  bool skip = false;  // update = none
};

// Sorted by name. Throws Error{kContext} for what git would refuse.
std::vector<GitModule> read_git_modules(std::string_view text);

}  // namespace cooper::context
