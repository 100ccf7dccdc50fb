// How owners are kept on disk: what the current tier lets us do.
#pragma once

#include <string_view>

namespace cooper::snapshot {

// All need uid 0 in the current user namespace but kOwn.
enum class Form {
  kReal,    // chown and mknod work
  kMapped,  // chown works inside our user namespace; device nodes are empty placeholder files
  kOwn,     // neither works: everything on disk is ours, the index alone knows the owners
};

// The folder below trees/: "real", "mapped", "own".
std::string_view form_name(Form form);

}  // namespace cooper::snapshot
