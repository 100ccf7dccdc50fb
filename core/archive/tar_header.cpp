#include "archive/tar_header.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <utility>

#include "base/error.h"

namespace cooper::archive::tar {
namespace {

using base::Error;
using base::ErrorKind;

std::uint32_t narrow(std::int64_t value, std::string_view what) {
  // Old tars store the owner -2 ("nobody") as such.
  if (value < std::numeric_limits<std::int32_t>::min() || value > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(ErrorKind::kCorrupt, fmt::format("{} is out of range", what));
  }
  return static_cast<std::uint32_t>(value);
}

std::uint32_t narrow_decimal(std::string_view text, std::string_view what) {
  return narrow(static_cast<std::int64_t>(parse_decimal(text)), what);
}

EntryType entry_type(char flag, std::string_view path) {
  switch (flag) {
    case '0':
    case '\0':
    case '7':  // contiguous; a file to everyone today
      // Before directories had a type they were files whose name ends with a slash.
      return path.ends_with('/') ? EntryType::kDirectory : EntryType::kFile;
    case 'S':
      return EntryType::kFile;
    case '1':
      return EntryType::kHardlink;
    case '2':
      return EntryType::kSymlink;
    case '3':
      return EntryType::kCharDevice;
    case '4':
      return EntryType::kBlockDevice;
    case '5':
    case 'D':
      return EntryType::kDirectory;  // D: with GNU's list of its files as content
    case '6':
      return EntryType::kFifo;
    default:
      break;
  }
  throw Error(ErrorKind::kUnsupported,
              fmt::format("member has the unknown type {:#04x}", static_cast<unsigned>(flag) & 0xff));
}

std::string header_path(const Block& header) {
  std::string name(text(header, kName));
  // GNU's old format keeps times where ustar has its prefix.
  if (!field(header, kMagic).starts_with(std::string_view("ustar\0", 6))) return name;
  bool star = field(header, kStarTrailer) == kStarTrailerMagic;
  std::string_view prefix = text(header, star ? kStarPrefix : kPrefix);
  return prefix.empty() ? name : std::string(prefix) + "/" + name;
}

Member read_fields(const Block& header) {
  Member member;
  TarEntry& entry = member.entry;
  entry.path = header_path(header);
  entry.link_target = text(header, kLinkName);
  entry.mode = static_cast<std::uint32_t>(number(field(header, kMode)) & 07777);
  entry.uid = narrow(number(field(header, kUid)), "uid");
  entry.gid = narrow(number(field(header, kGid)), "gid");
  entry.mtime = number(field(header, kMtime));
  std::int64_t size = number(field(header, kSize));
  if (size < 0) throw Error(ErrorKind::kCorrupt, "size is negative");
  member.stored = static_cast<std::uint64_t>(size);
  return member;
}

// All but sparse maps. Empty values leave the header's own in place.
void apply(const std::vector<PaxRecord>& records, bool global, Member& member) {
  TarEntry& entry = member.entry;
  for (const auto& [key, value] : records) {
    if (key.starts_with(kXattrPrefix)) {
      entry.xattrs[key.substr(kXattrPrefix.size())] = value;
    } else if (value.empty()) {
      continue;
    } else if (key == "uid") {
      entry.uid = narrow_decimal(value, "uid");
    } else if (key == "gid") {
      entry.gid = narrow_decimal(value, "gid");
    } else if (key == "mtime") {
      Time time = parse_time(value);
      entry.mtime = time.seconds;
      entry.mtime_nsec = time.nanoseconds;
    } else if (global) {
      // One name or size for all members makes no sense, and readers differ on it: a way to hide files from a
      // scanner.
      continue;
    } else if (key == "path") {
      entry.path = value;
    } else if (key == "linkpath") {
      entry.link_target = value;
    } else if (key == "size") {
      member.stored = parse_decimal(value);
    }
  }
}

}  // namespace

const std::string* Extended::find(std::string_view key) const {
  auto found =
      std::find_if(pax.rbegin(), pax.rend(), [&](const PaxRecord& record) { return record.key == key; });
  return found == pax.rend() ? nullptr : &found->value;
}

void Extended::clear_local() {
  pax.clear();
  long_name.clear();
  long_link.clear();
}

void Extended::add_globals(std::vector<PaxRecord> records) {
  for (PaxRecord& added : records) {
    std::erase_if(globals, [&](const PaxRecord& known) { return known.key == added.key; });
    if (!added.value.empty()) globals.push_back(std::move(added));
  }
}

bool has_content(char flag) {
  return flag == '0' || flag == '\0' || flag == '7' || flag == 'S' || flag == 'D';
}

Member read_member(const Block& header, const Extended& extended) {
  char flag = header[kType.at];
  Member member = read_fields(header);
  TarEntry& entry = member.entry;
  apply(extended.globals, true, member);
  apply(extended.pax, false, member);
  if (!extended.long_name.empty()) entry.path = extended.long_name;
  if (!extended.long_link.empty()) entry.link_target = extended.long_link;
  if (!has_content(flag)) member.stored = 0;
  entry.type = entry_type(flag, entry.path);
  if (entry.type != EntryType::kSymlink && entry.type != EntryType::kHardlink) entry.link_target.clear();
  if (entry.type == EntryType::kDirectory) {
    std::size_t last = entry.path.find_last_not_of('/');
    if (last != std::string::npos) entry.path.resize(last + 1);
  }
  if (entry.type == EntryType::kCharDevice || entry.type == EntryType::kBlockDevice) {
    entry.device_major = narrow(number(field(header, kDeviceMajor)), "device number");
    entry.device_minor = narrow(number(field(header, kDeviceMinor)), "device number");
  }
  return member;
}

}  // namespace cooper::archive::tar
