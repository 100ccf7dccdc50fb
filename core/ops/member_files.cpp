#include "ops/member_files.h"

#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/error.h"

namespace cooper::ops {
namespace {

constexpr std::uint64_t kLargestPacked = 128 << 10;
constexpr std::size_t kBuffer = 128 << 10;
// "<offset>+<size>" is packed, anything else the name of a file.
constexpr char kPacked = '+';

}  // namespace

MemberFiles::MemberFiles(std::string directory) : directory_(std::move(directory)), buffer_(kBuffer) {}

// A sparse member can promise more than any disk has; filling the disk first would help nobody.
void MemberFiles::check_room(std::uint64_t size, const std::string& name) const {
  struct statvfs disk {};
  base::check(::statvfs(directory_.c_str(), &disk), "examine", directory_);
  if (size / disk.f_frsize > disk.f_bavail) throw base::os_error(ENOSPC, "unpack", name);
}

std::uint64_t MemberFiles::copy(base::ByteSource& content, int file, Kept& kept, const std::string& name) {
  os::FdSink sink(file, name);
  base::Hasher hasher;
  std::uint64_t size = 0;
  while (std::size_t count = content.read(buffer_)) {
    base::ByteSpan bytes = base::ByteSpan(buffer_).first(count);
    hasher.update(bytes);
    sink.write(bytes);
    size += count;
  }
  kept.digest = hasher.finish();
  return size;
}

MemberFiles::Kept MemberFiles::keep(base::ByteSource& content, std::uint64_t size, const std::string& name) {
  Kept kept;
  if (size > kLargestPacked) {
    check_room(size, name);
    kept.path = fmt::format("large-{}", large_++);
    os::Fd file = os::open_file(directory_ + "/" + kept.path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    copy(content, file.get(), kept, name);
    return kept;
  }
  if (!packed_.valid()) packed_ = os::open_file(directory_ + "/packed", O_RDWR | O_CREAT | O_EXCL, 0600);
  std::uint64_t count = copy(content, packed_.get(), kept, name);
  kept.path = fmt::format("{}{}{}", packed_size_, kPacked, count);
  packed_size_ += count;
  return kept;
}

MemberFiles::Place MemberFiles::place(const std::string& path) const {
  Place place;
  const char* end = path.data() + path.size();
  auto [plus, bad_offset] = std::from_chars(path.data(), end, place.offset);
  if (bad_offset == std::errc() && plus != end && *plus == kPacked) {
    auto [last, bad_size] = std::from_chars(plus + 1, end, place.size);
    if (bad_size == std::errc() && last == end) return place;
  }
  throw base::Error(base::ErrorKind::kInternal, fmt::format("'{}' is no member of an archive", path));
}

std::string MemberFiles::read_packed(const Place& place) const {
  std::string bytes(place.size, '\0');
  for (std::size_t filled = 0; filled < bytes.size();) {
    ssize_t count = ::pread(packed_.get(), bytes.data() + filled, bytes.size() - filled,
                            static_cast<off_t>(place.offset + filled));
    if (count < 0 && errno == EINTR) continue;
    if (base::check(count, "read", directory_) == 0) throw base::os_error(EIO, "read", directory_);
    filled += static_cast<std::size_t>(count);
  }
  return bytes;
}

os::Fd MemberFiles::open(const std::string& path) const {
  if (path.find(kPacked) == std::string::npos) return os::open_file(directory_ + "/" + path, O_RDONLY);
  std::string bytes = read_packed(place(path));
  os::Fd file(base::check(::memfd_create("member", MFD_CLOEXEC), "open", path));
  os::FdSink(file.get(), path).write(std::as_bytes(std::span(bytes)));
  base::check(::lseek(file.get(), 0, SEEK_SET), "rewind", path);
  return file;
}

base::Digest MemberFiles::content_digest(const snapshot::Entry& entry) const {
  if (entry.path.find(kPacked) != std::string::npos) return base::sha256(read_packed(place(entry.path)));
  os::Fd file = open(entry.path);
  os::FdSource source(file.get(), entry.path);
  base::HashingSink sink;
  base::copy_all(source, sink);
  return sink.digest();
}

}  // namespace cooper::ops
