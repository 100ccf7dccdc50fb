#include "snapshot/file_pack.h"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <numeric>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

namespace cooper::snapshot {

namespace {

constexpr std::size_t kFewestFiles = 64;
constexpr std::uint64_t kLargestFile = 4 << 20;   // bytes; open() holds one in memory
constexpr std::uint64_t kLargestMean = 64 << 10;  // bytes; above it inodes are not what takes the time

std::vector<std::uint64_t> file_offsets(const LayerIndex& index) {
  std::vector<std::uint64_t> offsets;
  offsets.reserve(index.entries().size() + 1);
  std::uint64_t offset = 0;
  for (const Entry& entry : index.entries()) {
    offsets.push_back(offset);
    if (entry.type == EntryType::kFile) offset += entry.size;
  }
  offsets.push_back(offset);
  return offsets;
}

}  // namespace

bool belong_in_pack(const std::vector<std::uint64_t>& sizes) {
  if (sizes.size() < kFewestFiles) return false;
  if (*std::max_element(sizes.begin(), sizes.end()) > kLargestFile) return false;
  return std::accumulate(sizes.begin(), sizes.end(), std::uint64_t{0}) / sizes.size() <= kLargestMean;
}

FilePack::FilePack(const std::string& path, std::shared_ptr<const LayerIndex> index)
    : path_(path),
      pack_(os::open_file(path, O_RDONLY | O_NOFOLLOW)),
      index_(std::move(index)),
      offsets_(file_offsets(*index_)) {
  struct stat status {};
  base::check(::fstat(pack_.get(), &status), "examine", path_);
  if (S_ISREG(status.st_mode) && static_cast<std::uint64_t>(status.st_size) == offsets_.back()) return;
  throw base::Error(base::ErrorKind::kCorrupt,
                    fmt::format("'{}' has {} bytes instead of {}", path_, status.st_size, offsets_.back()))
      .hint("remove what is damaged with 'cooper cache verify --repair'; builds make it again");
}

std::size_t FilePack::read(const Entry& file, std::uint64_t offset, base::MutableByteSpan buffer) const {
  const std::size_t position = static_cast<std::size_t>(&file - index_->entries().data());
  const std::uint64_t rest = file.size - std::min(offset, file.size);
  const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(rest, buffer.size()));
  if (wanted == 0) return 0;
  const auto at = static_cast<off_t>(offsets_.at(position) + offset);
  return static_cast<std::size_t>(
      base::check(::pread(pack_.get(), buffer.data(), wanted, at), "read", path_));
}

os::Fd FilePack::open(const Entry& file) const {
  os::Fd copy(base::check(::memfd_create("packed-file", MFD_CLOEXEC), "make a file in memory for", path_));
  std::vector<std::byte> bytes(static_cast<std::size_t>(file.size));
  std::size_t filled = 0;
  while (std::size_t count = read(file, filled, base::MutableByteSpan(bytes).subspan(filled)))
    filled += count;
  os::FdSink sink(copy.get(), file.path);
  sink.write(base::ByteSpan(bytes).first(filled));
  base::check(::lseek(copy.get(), 0, SEEK_SET), "rewind", file.path);
  return copy;
}

}  // namespace cooper::snapshot
