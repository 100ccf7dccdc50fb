// Users and groups of an image, from its /etc/passwd and /etc/group.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "snapshot/tree_view.h"

namespace cooper::snapshot {

struct Account {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups;  // supplementary, sorted
  std::string home = "/";
};

// USER's "user[:group]", names or numbers. A numeric user needs no passwd entry (gid 0 then). Throws
// Error{kDockerfile} naming an unknown name.
Account resolve_account(const TreeView& root, const std::string& user);
// --chown's "user[:group]": a lone numeric user is its own group too, a lone name gives its primary group.
Account resolve_owner(const TreeView& root, const std::string& user, const std::string& group);

}  // namespace cooper::snapshot
