#include "build/warm_blobs.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "os/fd.h"

namespace cooper::build {

namespace {

constexpr std::size_t kChunk = 1 << 20;

base::Digest digest_of(int file, const std::string& path) {
  os::FdSource source(file, path);
  base::Hasher hasher;
  std::vector<std::byte> buffer(kChunk);
  while (const std::size_t count = source.read(buffer)) hasher.update(base::ByteSpan(buffer).first(count));
  return hasher.finish();
}

std::unique_ptr<base::ByteSource> open_verified(const std::string& path, const base::Digest& digest) {
  try {
    os::Fd file = os::open_file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (digest_of(file.get(), path) != digest || ::lseek(file.get(), 0, SEEK_SET) != 0) return nullptr;
    return std::make_unique<os::FileSource>(std::move(file), path);
  } catch (const base::Error&) {
    return nullptr;  // as good as not there: the registry has it
  }
}

}  // namespace

std::unique_ptr<base::ByteSource> WarmBlobs::open(const base::Digest& digest) const {
  for (const std::string& layout : layouts_) {
    const std::string path = layout + "/blobs/sha256/" + digest.hex();
    if (::access(path.c_str(), R_OK) != 0) continue;
    if (auto source = open_verified(path, digest)) return source;
  }
  return nullptr;
}

}  // namespace cooper::build
