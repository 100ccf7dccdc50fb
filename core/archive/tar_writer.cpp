#include "archive/tar_writer.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <map>
#include <string_view>

#include "archive/tar_format.h"
#include "base/error.h"

namespace cooper::archive {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t kBuffer = 128 << 10;
constexpr std::uint64_t kMaxOctal7 = 07777777;
constexpr std::uint64_t kMaxOctal11 = 077777777777;

[[noreturn]] void unsupported(const TarEntry& entry, std::string_view why) {
  throw Error(ErrorKind::kUnsupported, fmt::format("cannot write '{}' to a tar: {}", entry.path, why));
}

char type_flag(EntryType type) {
  switch (type) {
    case EntryType::kFile:
      return '0';
    case EntryType::kHardlink:
      return '1';
    case EntryType::kSymlink:
      return '2';
    case EntryType::kCharDevice:
      return '3';
    case EntryType::kBlockDevice:
      return '4';
    case EntryType::kDirectory:
      return '5';
    case EntryType::kFifo:
      return '6';
  }
  return '0';
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char byte) { return byte >= 0x20 && byte < 0x7f; });
}

// What of `text` fits in a ustar field: printable ASCII.
std::string ascii_prefix(std::string_view text, std::size_t limit) {
  std::string ascii(text.substr(0, limit));
  std::replace_if(
      ascii.begin(), ascii.end(), [](char byte) { return byte < 0x20 || byte >= 0x7f; }, '_');
  return ascii;
}

void put_text(tar::Block& block, tar::Field place, std::string_view text) {
  std::memcpy(block.data() + place.at, text.data(), std::min(text.size(), place.size));
}

// Zero-padded octal with a NUL after it.
void put_octal(tar::Block& block, tar::Field place, std::uint64_t value) {
  for (std::size_t i = place.size - 1; i-- > 0; value /= 8) {
    block[place.at + i] = static_cast<char>('0' + value % 8);
  }
}

// Splits at a '/' such that both halves fit their ustar fields.
bool put_path(tar::Block& block, std::string_view path) {
  if (!is_ascii(path)) return false;
  if (path.size() <= tar::kName.size) {
    put_text(block, tar::kName, path);
    return true;
  }
  if (path.size() > tar::kPrefix.size + 1 + tar::kName.size) return false;
  std::size_t slash = path.find('/', path.size() - tar::kName.size - 1);
  if (slash == 0 || slash == std::string_view::npos || slash > tar::kPrefix.size || slash + 1 == path.size())
    return false;
  put_text(block, tar::kPrefix, path.substr(0, slash));
  put_text(block, tar::kName, path.substr(slash + 1));
  return true;
}

std::string stored_path(const TarEntry& entry) {
  std::string path = entry.path;
  if (entry.type == EntryType::kDirectory && !path.ends_with('/')) path += path.empty() ? "./" : "/";
  return path;
}

void check_text(const TarEntry& entry) {
  if (entry.path.find('\0') != std::string::npos) unsupported(entry, "the name contains a NUL");
  if (entry.link_target.find('\0') != std::string::npos)
    unsupported(entry, "the link's target contains a NUL");
  if (entry.type == EntryType::kFile && entry.path.ends_with('/'))
    unsupported(entry, "a file's name ends with '/'");
  for (const auto& [key, value] : entry.xattrs) {
    // A pax keyword ends at the first '='.
    if (key.empty() || key.find('=') != std::string::npos || key.find('\0') != std::string::npos) {
      unsupported(entry, fmt::format("extended attribute '{}' contains '='", key));
    }
  }
}

using PaxRecords = std::map<std::string, std::string>;

std::uint64_t octal_or_pax(PaxRecords& records, const char* key, std::uint64_t value, std::uint64_t max) {
  if (value <= max) return value;
  records[key] = fmt::format("{}", value);
  return 0;
}

void start_header(tar::Block& block, std::uint32_t mode, char type) {
  put_octal(block, tar::kMode, mode & 07777);
  block[tar::kType.at] = type;
  put_text(block, tar::kMagic, tar::kUstarMagic);
}

// Returns what did not fit into the header.
PaxRecords fill_header(tar::Block& block, const TarEntry& entry, const std::string& path) {
  PaxRecords records;
  start_header(block, entry.mode, type_flag(entry.type));
  if (!put_path(block, path)) {
    records["path"] = path;
    put_text(block, tar::kName, ascii_prefix(path, tar::kName.size));
  }
  if (entry.type == EntryType::kSymlink || entry.type == EntryType::kHardlink) {
    bool fits = is_ascii(entry.link_target) && entry.link_target.size() <= tar::kLinkName.size;
    if (!fits) records["linkpath"] = entry.link_target;
    put_text(block, tar::kLinkName,
             fits ? entry.link_target : ascii_prefix(entry.link_target, tar::kLinkName.size));
  }
  put_octal(block, tar::kUid, octal_or_pax(records, "uid", entry.uid, kMaxOctal7));
  put_octal(block, tar::kGid, octal_or_pax(records, "gid", entry.gid, kMaxOctal7));
  std::uint64_t size = entry.type == EntryType::kFile ? entry.size : 0;
  put_octal(block, tar::kSize, octal_or_pax(records, "size", size, kMaxOctal11));
  bool plain_time = entry.mtime >= 0 && static_cast<std::uint64_t>(entry.mtime) <= kMaxOctal11;
  if (!plain_time || entry.mtime_nsec != 0)
    records["mtime"] = tar::format_time({entry.mtime, entry.mtime_nsec});
  put_octal(block, tar::kMtime, plain_time ? static_cast<std::uint64_t>(entry.mtime) : 0);
  bool device = entry.type == EntryType::kCharDevice || entry.type == EntryType::kBlockDevice;
  if (device && (entry.device_major > kMaxOctal7 || entry.device_minor > kMaxOctal7)) {
    unsupported(entry, "the device number is too large");
  }
  put_octal(block, tar::kDeviceMajor, device ? entry.device_major : 0);
  put_octal(block, tar::kDeviceMinor, device ? entry.device_minor : 0);
  for (const auto& [key, value] : entry.xattrs) records[std::string(tar::kXattrPrefix) + key] = value;
  return records;
}

}  // namespace

TarWriter::TarWriter(base::ByteSink& out)
    : out_(out), buffer_(std::make_unique_for_overwrite<std::byte[]>(kBuffer)) {}

void TarWriter::begin(const TarEntry& entry) {
  end_content();
  check_text(entry);
  tar::Block block{};
  PaxRecords records = fill_header(block, entry, stored_path(entry));
  if (!records.empty()) put_pax_header(entry, tar::format_pax(records));
  tar::set_checksum(block);
  put(std::as_bytes(std::span(block)));
  path_ = entry.path;
  remaining_ = entry.type == EntryType::kFile ? entry.size : 0;
  padding_ = tar::padding(remaining_);
}

void TarWriter::put_pax_header(const TarEntry& entry, const std::string& records) {
  tar::Block block{};
  start_header(block, 0644, 'x');
  // Shown only by tars that know no pax; the base name helps the person who looks at them.
  std::string_view base = std::string_view(entry.path).substr(entry.path.rfind('/') + 1);
  constexpr std::string_view kFolder = "PaxHeaders.0/";
  std::string name(kFolder);
  name += ascii_prefix(base, tar::kName.size - kFolder.size());
  put_text(block, tar::kName, name);
  put_octal(block, tar::kUid, 0);
  put_octal(block, tar::kGid, 0);
  put_octal(block, tar::kSize, records.size());
  put_octal(block, tar::kMtime, 0);
  put_octal(block, tar::kDeviceMajor, 0);
  put_octal(block, tar::kDeviceMinor, 0);
  tar::set_checksum(block);
  put(std::as_bytes(std::span(block)));
  put(std::as_bytes(std::span(records)));
  put_zeros(tar::padding(records.size()));
}

void TarWriter::write_content(base::ByteSpan data) {
  if (data.size() > remaining_) {
    throw Error(ErrorKind::kIo, fmt::format("'{}' grew while it was read", path_));
  }
  put(data);
  remaining_ -= data.size();
}

void TarWriter::add(const TarEntry& entry, base::ByteSource& content) {
  begin(entry);
  while (remaining_ > 0) {
    if (used_ == kBuffer) flush();
    std::size_t room = std::min<std::uint64_t>(kBuffer - used_, remaining_);
    std::size_t count = content.read({buffer_.get() + used_, room});
    if (count == 0) throw Error(ErrorKind::kIo, fmt::format("'{}' shrank while it was read", path_));
    used_ += count;
    remaining_ -= count;
  }
  std::byte beyond;
  if (content.read({&beyond, 1}) != 0) {
    throw Error(ErrorKind::kIo, fmt::format("'{}' grew while it was read", path_));
  }
  end_content();
}

void TarWriter::add(const TarEntry& entry) {
  begin(entry);
  end_content();
}

void TarWriter::finish() {
  end_content();
  put_zeros(2 * tar::kBlockSize);
  flush();
}

void TarWriter::end_content() {
  if (remaining_ > 0) {
    throw Error(ErrorKind::kIo,
                fmt::format("'{}' is {} bytes shorter than its header says", path_, remaining_));
  }
  put_zeros(padding_);
  padding_ = 0;
}

void TarWriter::put(base::ByteSpan data) {
  if (data.size() > kBuffer - used_) {
    flush();
    if (data.size() >= kBuffer) {
      out_.write(data);
      return;
    }
  }
  if (!data.empty()) std::memcpy(buffer_.get() + used_, data.data(), data.size());
  used_ += data.size();
}

void TarWriter::put_zeros(std::size_t count) {
  static constexpr std::array<std::byte, 2 * tar::kBlockSize> kZeros{};
  put(base::ByteSpan(kZeros).first(count));
}

void TarWriter::flush() {
  if (used_ > 0) out_.write({buffer_.get(), used_});
  used_ = 0;
}

}  // namespace cooper::archive
