#include "os/list_directory.h"

#include <cerrno>
#include <dirent.h>
#include <memory>

#include "base/error.h"

namespace cooper::os {

void visit_directory(const std::string& path,
                     const std::function<void(int directory, const std::string& name)>& visit) {
  std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), &::closedir);
  if (directory == nullptr && errno == ENOENT) return;
  if (directory == nullptr) base::throw_errno("read directory", path);
  while (const dirent* item = ::readdir(directory.get())) {  // NOLINT(concurrency-mt-unsafe): ours alone
    const std::string name = item->d_name;
    if (name != "." && name != "..") visit(::dirfd(directory.get()), name);
  }
}

std::vector<std::string> list_directory(const std::string& path) {
  std::vector<std::string> names;
  visit_directory(path, [&](int, const std::string& name) { names.push_back(name); });
  return names;
}

}  // namespace cooper::os
