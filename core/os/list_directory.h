// The names in a directory, for whoever keeps house in it.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace cooper::os {

// Without "." and "..", in the file system's order; none for a directory that is missing, or was removed just
// now. Throws Error{kIo}.
std::vector<std::string> list_directory(const std::string& path);
// The same, one name at a time, with the directory's descriptor for fstatat(2) and its like.
void visit_directory(const std::string& path,
                     const std::function<void(int directory, const std::string& name)>& visit);

}  // namespace cooper::os
