// LayerIndex::serialize() and parse(): the file that keeps an index.
//
// An entry: type and flags (1 byte), length of the prefix shared with the path before, rest of the path,
// mode, uid, gid, mtime (zigzag), nanoseconds, size, and, as the flags say, link target, device, xattrs and
// content digest.
#include <algorithm>
#include <cstring>

#include "base/digest.h"
#include "base/error.h"
#include "snapshot/layer_index.h"

namespace cooper::snapshot {
namespace {

constexpr std::string_view kMagic = "CLI1";
constexpr std::size_t kDigestSize = 32;
constexpr std::size_t kSmallestEntry = 9;  // bytes

constexpr std::uint8_t kTypeMask = 0x07;
constexpr std::uint8_t kFresh = 0x08;
constexpr std::uint8_t kOpaque = 0x10;
constexpr std::uint8_t kHasTarget = 0x20;
constexpr std::uint8_t kHasXattrs = 0x40;
constexpr std::uint8_t kHasContent = 0x80;

std::string_view raw(const base::Digest& digest) {
  return {reinterpret_cast<const char*>(digest.bytes().data()), digest.bytes().size()};
}

bool is_device(EntryType type) {
  return type == EntryType::kCharDevice || type == EntryType::kBlockDevice;
}

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void number(std::uint64_t value) {
    while (value >= 0x80) {
      out_.push_back(static_cast<char>(value | 0x80));
      value >>= 7;
    }
    out_.push_back(static_cast<char>(value));
  }
  void text(std::string_view value) {
    number(value.size());
    out_.append(value);
  }
  void entry(const Entry& entry, std::string_view previous_path) {
    std::uint8_t head = static_cast<std::uint8_t>(entry.type);
    if (entry.fresh) head |= kFresh;
    if (entry.opaque) head |= kOpaque;
    if (!entry.link_target.empty()) head |= kHasTarget;
    if (!entry.xattrs.empty()) head |= kHasXattrs;
    if (!entry.content.empty()) head |= kHasContent;
    out_.push_back(static_cast<char>(head));
    auto shared =
        std::mismatch(previous_path.begin(), previous_path.end(), entry.path.begin(), entry.path.end())
            .first -
        previous_path.begin();
    number(static_cast<std::uint64_t>(shared));
    text(std::string_view(entry.path).substr(static_cast<std::size_t>(shared)));
    properties(entry);
  }

 private:
  void properties(const Entry& entry) {
    number(entry.mode);
    number(entry.uid);
    number(entry.gid);
    number(static_cast<std::uint64_t>(entry.mtime) << 1 ^ static_cast<std::uint64_t>(entry.mtime >> 63));
    number(entry.mtime_nsec);
    number(entry.size);
    if (!entry.link_target.empty()) text(entry.link_target);
    if (is_device(entry.type)) {
      number(entry.device_major);
      number(entry.device_minor);
    }
    if (!entry.xattrs.empty()) {
      number(entry.xattrs.size());
      for (const auto& [name, value] : entry.xattrs) {
        text(name);
        text(value);
      }
    }
    if (!entry.content.empty()) out_.append(raw(entry.content));
  }

  std::string& out_;
};

[[noreturn]] void fail_corrupt(std::string_view what) {
  throw base::Error(base::ErrorKind::kCorrupt, "layer index is damaged: " + std::string(what));
}

class Reader {
 public:
  explicit Reader(std::string_view rest) : rest_(rest) {}

  bool at_end() const { return rest_.empty(); }
  std::size_t remaining() const { return rest_.size(); }

  std::string_view take(std::uint64_t count) {
    if (count > rest_.size()) fail_corrupt("it ends early");
    std::string_view taken = rest_.substr(0, static_cast<std::size_t>(count));
    rest_.remove_prefix(taken.size());
    return taken;
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      auto byte = static_cast<std::uint8_t>(take(1).front());
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    fail_corrupt("a number is too long");
  }
  std::uint32_t small_number() {
    std::uint64_t value = number();
    if (value > UINT32_MAX) fail_corrupt("a number is too large");
    return static_cast<std::uint32_t>(value);
  }
  std::string text() { return std::string(take(number())); }

  Entry entry(std::string_view previous_path) {
    Entry entry;
    auto head = static_cast<std::uint8_t>(take(1).front());
    static_assert(static_cast<std::uint8_t>(EntryType::kWhiteout) == kTypeMask, "every value is a type");
    entry.type = static_cast<EntryType>(head & kTypeMask);
    entry.fresh = (head & kFresh) != 0;
    entry.opaque = (head & kOpaque) != 0;
    std::uint64_t shared = number();
    if (shared > previous_path.size()) fail_corrupt("a path repeats more than there is");
    entry.path = std::string(previous_path.substr(0, static_cast<std::size_t>(shared)));
    entry.path += take(number());
    properties(entry, head);
    return entry;
  }

 private:
  void properties(Entry& entry, std::uint8_t head) {
    entry.mode = small_number();
    entry.uid = small_number();
    entry.gid = small_number();
    std::uint64_t zigzag = number();
    entry.mtime = static_cast<std::int64_t>(zigzag >> 1 ^ (~(zigzag & 1) + 1));
    entry.mtime_nsec = small_number();
    entry.size = number();
    if ((head & kHasTarget) != 0) entry.link_target = text();
    if (is_device(entry.type)) {
      entry.device_major = small_number();
      entry.device_minor = small_number();
    }
    if ((head & kHasXattrs) != 0) {
      for (std::uint64_t left = number(); left > 0; --left) {
        std::string name = text();
        entry.xattrs[std::move(name)] = text();
      }
    }
    if ((head & kHasContent) != 0) {
      base::Digest::Bytes bytes;
      std::memcpy(bytes.data(), take(kDigestSize).data(), kDigestSize);
      entry.content = base::Digest(bytes);
    }
  }

  std::string_view rest_;
};

}  // namespace

std::string LayerIndex::serialize() const {
  std::string bytes(kMagic);
  bytes.reserve(64 + entries_.size() * 48);
  Writer writer(bytes);
  writer.number(entries_.size());
  std::string_view previous;
  for (const Entry& entry : entries_) {
    writer.entry(entry, previous);
    previous = entry.path;
  }
  bytes.append(raw(base::sha256(bytes)));
  return bytes;
}

LayerIndex LayerIndex::parse(std::string_view bytes) {
  if (bytes.size() < kMagic.size() + 1 + kDigestSize || !bytes.starts_with(kMagic))
    fail_corrupt("it is no layer index");
  std::string_view body = bytes.substr(0, bytes.size() - kDigestSize);
  if (raw(base::sha256(body)) != bytes.substr(body.size())) fail_corrupt("its checksum does not match");

  Reader reader(body.substr(kMagic.size()));
  std::uint64_t count = reader.number();
  // Bounds the reservation by what the file can hold.
  if (count > reader.remaining() / kSmallestEntry) fail_corrupt("it ends early");
  std::vector<Entry> entries;
  entries.reserve(static_cast<std::size_t>(count));
  for (std::uint64_t i = 0; i < count; ++i) {
    Entry entry = reader.entry(i == 0 ? std::string_view() : std::string_view(entries.back().path));
    if (i > 0 && !path_less(entries.back().path, entry.path)) fail_corrupt("its paths are not in order");
    entries.push_back(std::move(entry));
  }
  if (!reader.at_end()) fail_corrupt("something follows its end");
  return LayerIndex(std::move(entries));
}

}  // namespace cooper::snapshot
