#include "archive/tar_reader.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "archive/sparse.h"
#include "archive/tar_blocks.h"
#include "archive/tar_header.h"
#include "base/error.h"

namespace cooper::archive {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::uint64_t kMaxHeaderRecord = 1 << 20;

[[noreturn]] void corrupt(std::string_view what) {
  throw Error(ErrorKind::kCorrupt, std::string(what));
}

// Names in errors may hold anything, escape sequences for terminals too.
std::string printable(std::string_view name) {
  std::string text(name.substr(0, 200));
  std::replace_if(
      text.begin(), text.end(),
      [](char byte) { return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f; }, '?');
  return text;
}

}  // namespace

struct TarReader::State {
  explicit State(base::ByteSource& source) : blocks(source) {}

  tar::Blocks blocks;
  tar::Extended extended;
  std::uint64_t number = 0;  // of the entry, from 1
  std::string name;
  bool ended = false;

  std::uint64_t stored = 0;  // bytes of the entry's data not read yet
  std::size_t padding = 0;   // after them
  tar::SparseMap map;        // a plain file is one extent
  std::size_t extent = 0;
  std::uint64_t position = 0;

  std::optional<TarEntry> next();
  std::size_t read(base::MutableByteSpan buffer);
  template <typename Action>
  auto naming_entry(Action action);

 private:
  void skip_content();
  bool next_header(tar::Block& block);
  void read_extended(const tar::Block& block);
  std::string read_record(const tar::Block& block);
  TarEntry begin_entry(const tar::Block& block);
  void read_old_sparse(const tar::Block& block);
  void read_pax_sparse(TarEntry& entry);
  void read_map_1_0();
};

std::optional<TarEntry> TarReader::State::next() {
  if (ended) return std::nullopt;
  ++number;
  name.clear();
  skip_content();
  extended.clear_local();
  tar::Block block;
  while (next_header(block)) {
    char flag = block[tar::kType.at];
    if (flag != 'x' && flag != 'g' && flag != 'L' && flag != 'K') return begin_entry(block);
    read_extended(block);
  }
  if (extended.pending()) corrupt("archive ends after an extended header");
  ended = true;
  blocks.skip(std::numeric_limits<std::uint64_t>::max());
  return std::nullopt;
}

void TarReader::State::skip_content() {
  if (blocks.skip(stored) != stored) corrupt("content of the previous entry is truncated");
  // Some writers leave out the padding of the last entry along with the end mark.
  blocks.skip(padding);
  stored = 0;
  padding = 0;
  map = {};
  extent = 0;
  position = 0;
}

// False at the end of the archive: two zero blocks, or a stream that ends between entries, as Go's reader has
// it.
bool TarReader::State::next_header(tar::Block& block) {
  if (!blocks.next(block)) return false;
  if (tar::is_zero(block)) {
    if (!blocks.next(block) || tar::is_zero(block)) return false;
    corrupt("a lone zero block lies between entries");
  }
  name = printable(tar::text(block, tar::kName));
  if (!tar::checksum_matches(block)) corrupt("header has a bad checksum");
  return true;
}

std::string TarReader::State::read_record(const tar::Block& block) {
  std::int64_t size = tar::number(tar::field(block, tar::kSize));
  if (size < 0 || static_cast<std::uint64_t>(size) > kMaxHeaderRecord)
    corrupt("extended header is too large");
  std::string record(static_cast<std::size_t>(size), '\0');
  base::MutableByteSpan rest = std::as_writable_bytes(std::span(record));
  while (!rest.empty()) {
    std::size_t count = blocks.read(rest);
    if (count == 0) corrupt("extended header is truncated");
    rest = rest.subspan(count);
  }
  std::size_t pad = tar::padding(record.size());
  if (blocks.skip(pad) != pad) corrupt("extended header is truncated");
  return record;
}

void TarReader::State::read_extended(const tar::Block& block) {
  std::string record = read_record(block);
  switch (block[tar::kType.at]) {
    case 'x':
      extended.pax = tar::parse_pax(record);
      break;
    case 'g':
      extended.add_globals(tar::parse_pax(record));
      break;
    case 'L':
      extended.long_name = record.substr(0, record.find('\0'));
      break;
    default:
      extended.long_link = record.substr(0, record.find('\0'));
      break;
  }
}

TarEntry TarReader::State::begin_entry(const tar::Block& block) {
  tar::Member member = tar::read_member(block, extended);
  TarEntry& entry = member.entry;
  name = printable(entry.path);
  stored = member.stored;
  padding = tar::padding(stored);
  if (entry.type != EntryType::kFile) return std::move(entry);
  map = {stored, {{0, stored}}};
  if (block[tar::kType.at] == 'S') {
    read_old_sparse(block);
  } else {
    read_pax_sparse(entry);
  }
  tar::check(map, stored);
  entry.size = map.size;
  return std::move(entry);
}

void TarReader::State::read_old_sparse(const tar::Block& block) {
  std::int64_t real_size = tar::number(tar::field(block, tar::kSparseRealSize));
  if (real_size < 0) corrupt("size is negative");
  map = {static_cast<std::uint64_t>(real_size), {}};
  tar::add_old_gnu_pairs(tar::field(block, tar::kSparsePairs), map);
  bool more = block[tar::kSparseExtended.at] != '\0';
  tar::Block extension;
  for (std::uint64_t read = 0; more; read += extension.size()) {
    if (read >= kMaxHeaderRecord) corrupt("sparse map is too large");
    if (!blocks.next(extension)) corrupt("sparse map is truncated");
    tar::add_old_gnu_pairs(tar::field(extension, tar::kExtensionPairs), map);
    more = extension[tar::kExtensionExtended.at] != '\0';
  }
}

void TarReader::State::read_pax_sparse(TarEntry& entry) {
  const std::string* major = extended.find("GNU.sparse.major");
  const std::string* list = extended.find("GNU.sparse.map");
  const std::string* size = extended.find("GNU.sparse.size");
  if (major == nullptr && size == nullptr) return;
  if (const std::string* real_name = extended.find("GNU.sparse.name")) {
    entry.path = *real_name;
    name = printable(entry.path);
  }
  if (major != nullptr && *major != "0") {
    const std::string* minor = extended.find("GNU.sparse.minor");
    size = extended.find("GNU.sparse.realsize");
    if (*major != "1" || minor == nullptr || *minor != "0") corrupt("sparse file has an unknown version");
  }
  if (size == nullptr) corrupt("sparse file has no size");
  map = {tar::parse_decimal(*size), {}};
  if (major != nullptr && *major != "0") {
    read_map_1_0();
  } else if (list != nullptr) {
    map.extents = tar::parse_extent_list(*list);
  } else {
    map.extents = tar::extents_of_pairs(extended.pax);
  }
}

// Version 1.0 begins the content with the map: decimal numbers, a line each, first how many pairs; padded to
// a block.
void TarReader::State::read_map_1_0() {
  std::uint64_t used = 0;
  std::string text;
  auto next_number = [&] {
    std::size_t end;
    while ((end = text.find('\n')) == std::string::npos) {
      tar::Block block;
      if (text.size() > block.size()) corrupt("sparse map has an endless line");
      if (used + block.size() > std::min(stored, kMaxHeaderRecord) || !blocks.next(block)) {
        corrupt("sparse map is truncated or too large");
      }
      used += block.size();
      text.append(block.data(), block.size());
    }
    std::uint64_t value = tar::parse_decimal(std::string_view(text).substr(0, end));
    text.erase(0, end + 1);
    return value;
  };
  std::uint64_t count = next_number();
  for (std::uint64_t i = 0; i < count; ++i) {
    std::uint64_t offset = next_number();
    map.extents.push_back({offset, next_number()});
  }
  stored -= used;
}

std::size_t TarReader::State::read(base::MutableByteSpan buffer) {
  if (position == map.size || buffer.empty()) return 0;
  const std::vector<tar::Extent>& extents = map.extents;
  while (extent < extents.size() && position == extents[extent].offset + extents[extent].length) ++extent;
  bool in_hole = extent == extents.size() || position < extents[extent].offset;
  std::uint64_t end = map.size;
  if (extent < extents.size()) end = extents[extent].offset + (in_hole ? 0 : extents[extent].length);
  base::MutableByteSpan part = buffer.first(std::min<std::uint64_t>(buffer.size(), end - position));
  if (in_hole) {
    std::fill(part.begin(), part.end(), std::byte{0});
    position += part.size();
    return part.size();
  }
  std::size_t count = blocks.read(part);
  if (count == 0) corrupt("content is truncated");
  stored -= count;
  position += count;
  return count;
}

// Adds which entry it was to errors; after one there is nothing more to read.
template <typename Action>
auto TarReader::State::naming_entry(Action action) {
  try {
    return action();
  } catch (Error& error) {
    ended = true;
    map = {};
    position = 0;
    error.context(name.empty() ? fmt::format("tar entry {}", number)
                               : fmt::format("tar entry {} '{}'", number, name));
    throw;
  }
}

TarReader::TarReader(base::ByteSource& in) : state_(std::make_unique<State>(in)) {}
TarReader::~TarReader() = default;

std::optional<TarEntry> TarReader::next() {
  return state_->naming_entry([this] { return state_->next(); });
}

std::size_t TarReader::read(base::MutableByteSpan buffer) {
  return state_->naming_entry([this, buffer] { return state_->read(buffer); });
}

}  // namespace cooper::archive
