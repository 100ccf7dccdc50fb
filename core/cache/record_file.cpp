#include "cache/record_file.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "os/fd.h"

namespace cooper::cache {
namespace {

constexpr std::size_t kLargestRecord = 64 << 20;  // bytes; a COPY of half a million files

}  // namespace

std::optional<std::string> read_record_text(const std::string& path) {
  const int number = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (number < 0 && errno == ENOENT) return std::nullopt;
  const os::Fd file(base::check(number, "open the cache record", path));
  struct stat status {};
  base::check(::fstat(file.get(), &status), "stat the cache record", path);
  if (!S_ISREG(status.st_mode)) throw base::Error(base::ErrorKind::kCorrupt, "not a regular file");
  os::FdSource source(file.get(), path);
  return base::read_all(source, kLargestRecord, "the cache record");
}

std::optional<Record> read_record_file(const std::string& path, const base::Digest& key) {
  const std::optional<std::string> text = read_record_text(path);
  if (!text) return std::nullopt;
  Record record = Record::parse(*text);
  if (record.key == key || record.content_key == key) return record;
  throw base::Error(base::ErrorKind::kCorrupt, "it is the record of another key");
}

}  // namespace cooper::cache
