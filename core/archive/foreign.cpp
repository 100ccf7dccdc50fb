#include "archive/foreign.h"

#include <archive.h>
#include <archive_entry.h>
#include <cerrno>
#include <cstdint>
#include <exception>
#include <fmt/format.h>
#include <limits>
#include <memory>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace cooper::archive {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t kInputBuffer = 128 << 10;

struct FreeArchive {
  void operator()(struct archive* handle) const { archive_read_free(handle); }
};

// A libarchive reader over a ByteSource.
class Reader {
 public:
  explicit Reader(base::ByteSource& in) : in_(in), buffer_(kInputBuffer), handle_(archive_read_new()) {
    if (!handle_) throw std::bad_alloc();
    // Other results than ARCHIVE_OK mean a libarchive that would run a program for this filter.
    for (int result :
         {archive_read_support_filter_gzip(handle_.get()), archive_read_support_filter_bzip2(handle_.get()),
          archive_read_support_filter_xz(handle_.get()), archive_read_support_filter_zstd(handle_.get()),
          archive_read_support_format_tar(handle_.get())}) {
      if (result != ARCHIVE_OK) {
        throw Error(ErrorKind::kUnsupported, fmt::format("libarchive lacks a format: {}", message()));
      }
    }
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // A result of libarchive. Exceptions of the source pass through.
  int open() {
    return passing(archive_read_open2(handle_.get(), this, nullptr, &Reader::on_read, nullptr, nullptr));
  }
  int next(archive_entry*& entry) { return passing(archive_read_next_header(handle_.get(), &entry)); }
  la_ssize_t read(base::MutableByteSpan buffer) {
    la_ssize_t count = archive_read_data(handle_.get(), buffer.data(), buffer.size());
    passing(ARCHIVE_OK);
    return count;
  }

  // libarchive would unpack a gzip in a gzip; docker and BuildKit do not. The last filter is the plain bytes.
  bool is_nested() { return archive_filter_count(handle_.get()) > 2; }
  std::string_view message() {
    const char* text = archive_error_string(handle_.get());
    return text == nullptr ? "unknown error" : text;
  }

 private:
  static la_ssize_t on_read(struct archive* handle, void* self, const void** data) {
    auto& reader = *static_cast<Reader*>(self);
    // No exception may cross C.
    try {
      *data = reader.buffer_.data();
      return static_cast<la_ssize_t>(reader.in_.read(reader.buffer_));
    } catch (...) {
      reader.failure_ = std::current_exception();
      archive_set_error(handle, EIO, "cannot read");
      return -1;
    }
  }

  int passing(int result) {
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    return result;
  }

  base::ByteSource& in_;
  std::vector<std::byte> buffer_;
  std::unique_ptr<struct archive, FreeArchive> handle_;
  std::exception_ptr failure_;
};

[[noreturn]] void corrupt(const std::string& what, std::string_view cause) {
  throw Error(ErrorKind::kCorrupt, fmt::format("cannot read archive '{}': {}", what, cause));
}

class ContentSource final : public base::ByteSource {
 public:
  ContentSource(Reader& reader, const std::string& what, bool has_content)
      : reader_(reader), what_(what), ended_(!has_content) {}

  std::size_t read(base::MutableByteSpan buffer) override {
    if (ended_ || buffer.empty()) return 0;
    la_ssize_t count = reader_.read(buffer);
    if (count < 0) corrupt(what_, reader_.message());
    ended_ = count == 0;
    return static_cast<std::size_t>(count);
  }

 private:
  Reader& reader_;
  const std::string& what_;
  bool ended_;
};

EntryType entry_type(archive_entry* entry, const std::string& what) {
  if (archive_entry_hardlink(entry) != nullptr) return EntryType::kHardlink;
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
      return EntryType::kFile;
    case AE_IFDIR:
      return EntryType::kDirectory;
    case AE_IFLNK:
      return EntryType::kSymlink;
    case AE_IFCHR:
      return EntryType::kCharDevice;
    case AE_IFBLK:
      return EntryType::kBlockDevice;
    case AE_IFIFO:
      return EntryType::kFifo;
    default:
      break;
  }
  corrupt(what, "an entry is of no known type");
}

std::uint32_t owner(la_int64_t id, const std::string& what) {
  if (id < std::numeric_limits<std::int32_t>::min() || id > std::numeric_limits<std::uint32_t>::max()) {
    corrupt(what, "an owner is out of range");
  }
  return static_cast<std::uint32_t>(id);
}

std::string text_or_empty(const char* text) {
  return text == nullptr ? std::string() : std::string(text);
}

TarEntry convert(archive_entry* from, const std::string& what) {
  TarEntry entry;
  const char* path = archive_entry_pathname(from);
  if (path == nullptr) corrupt(what, "an entry has no name");
  entry.path = path;
  entry.type = entry_type(from, what);
  if (entry.type == EntryType::kDirectory) {
    std::size_t last = entry.path.find_last_not_of('/');
    if (last != std::string::npos) entry.path.resize(last + 1);
  }
  entry.mode = static_cast<std::uint32_t>(archive_entry_perm(from)) & 07777;
  entry.uid = owner(archive_entry_uid(from), what);
  entry.gid = owner(archive_entry_gid(from), what);
  entry.mtime = archive_entry_mtime(from);
  entry.mtime_nsec = static_cast<std::uint32_t>(archive_entry_mtime_nsec(from));
  if (entry.type == EntryType::kFile) entry.size = static_cast<std::uint64_t>(archive_entry_size(from));
  if (entry.type == EntryType::kSymlink) entry.link_target = text_or_empty(archive_entry_symlink(from));
  if (entry.type == EntryType::kHardlink) entry.link_target = text_or_empty(archive_entry_hardlink(from));
  if (entry.type == EntryType::kCharDevice || entry.type == EntryType::kBlockDevice) {
    entry.device_major = static_cast<std::uint32_t>(archive_entry_rdevmajor(from));
    entry.device_minor = static_cast<std::uint32_t>(archive_entry_rdevminor(from));
  }
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  archive_entry_xattr_reset(from);
  while (archive_entry_xattr_next(from, &name, &value, &size) == ARCHIVE_OK) {
    entry.xattrs[text_or_empty(name)] = std::string(static_cast<const char*>(value), size);
  }
  return entry;
}

// Outside a UTF-8 locale libarchive warns of every name that is not ASCII, and gives its bytes as they are,
// as wanted.
bool is_usable(Reader& reader, int result) {
  return result == ARCHIVE_OK || (result == ARCHIVE_WARN && reader.message().ends_with("to current locale."));
}

}  // namespace

bool is_unpackable(base::ByteSource& content) {
  Reader reader(content);
  archive_entry* entry = nullptr;
  return reader.open() == ARCHIVE_OK && is_usable(reader, reader.next(entry)) && !reader.is_nested();
}

void read_archive(base::ByteSource& in, const std::string& what,
                  const std::function<void(const TarEntry&, base::ByteSource&)>& visit) {
  Reader reader(in);
  if (reader.open() != ARCHIVE_OK) corrupt(what, reader.message());
  archive_entry* raw = nullptr;
  for (int result; (result = reader.next(raw)) != ARCHIVE_EOF;) {
    if (!is_usable(reader, result)) corrupt(what, reader.message());
    if (reader.is_nested()) corrupt(what, "it is compressed more than once");
    TarEntry entry = convert(raw, what);
    ContentSource content(reader, what, entry.type == EntryType::kFile);
    visit(entry, content);
  }
}

}  // namespace cooper::archive
