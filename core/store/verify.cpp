#include "store/verify.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "base/cancellation.h"
#include "base/digest.h"
#include "base/error.h"
#include "os/fd.h"

namespace cooper::store {
namespace {

base::Digest hash_file(const os::Fd& file, const std::string& path, const std::stop_token& stop) {
  os::FdSource source(file.get(), path);
  base::Hasher hasher;
  std::array<std::byte, 1 << 16> buffer;
  while (std::size_t count = source.read(buffer)) {
    base::throw_if_stopped(stop);
    hasher.update(base::ByteSpan(buffer).first(count));
  }
  return hasher.finish();
}

}  // namespace

std::string find_blob_damage(const Item& item, const std::stop_token& stop) {
  std::optional<base::Digest> expected = base::Digest::parse("sha256:" + item.id);
  if (!expected) return "its name is no digest";
  const std::string& path = item.paths[0];
  // A FIFO in its place must not block us.
  const os::Fd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file.valid()) return errno == ENOENT ? "" : base::os_error(errno, "open", path).summary();
  struct stat status {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return "it is no regular file";
  try {
    base::Digest found = hash_file(file, path, stop);
    return found == *expected ? "" : fmt::format("its content has the digest '{}'", found.str());
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::kCancelled) throw;
    return error.summary();
  }
}

}  // namespace cooper::store
