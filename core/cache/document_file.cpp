#include "cache/document_file.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "os/beneath.h"
#include "os/fd.h"

namespace cooper::cache {
std::string_view document_folder(DocumentKind kind) {
  switch (kind) {
    case DocumentKind::kRecord:
      return "records";
    case DocumentKind::kStep:
      return "steps";
    case DocumentKind::kMount:
      return "mounts";
  }
  return "records";
}

std::optional<std::string> read_document_file(const std::string& path) {
  const int number = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (number < 0 && errno == ENOENT) return std::nullopt;
  if (number < 0 && errno == ELOOP) throw base::Error(base::ErrorKind::kCorrupt, "it is a symbolic link");
  const os::Fd file(base::check(number, "open the cache record", path));
  struct stat status {};
  base::check(::fstat(file.get(), &status), "stat the cache record", path);
  if (!S_ISREG(status.st_mode)) throw base::Error(base::ErrorKind::kCorrupt, "it is not a regular file");
  os::FdSource source(file.get(), path);
  return base::read_all(source, kLargestDocument, "the cache record");
}

void place_document_file(const std::string& draft, const std::string& path) {
  int result = ::rename(draft.c_str(), path.c_str());
  if (result < 0 && errno == ENOENT) {
    os::make_directories(path.substr(0, path.rfind('/')));
    result = ::rename(draft.c_str(), path.c_str());
  }
  base::check(result, "write the cache record", path);
}

}  // namespace cooper::cache
