#include "context/digest_cache.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "os/fd.h"

namespace cooper::context {
namespace {

// The file: this line, the 32 bytes of the SHA-256 of all that follows, then records of a path's length and
// its bytes, six numbers (the last one: saves without use) and a digest. Numbers are 8 bytes, little endian.
constexpr std::string_view kMagic = "cooper-digest-cache 2\n";
constexpr std::size_t kLargestFile = 256 << 20;
constexpr std::int64_t kSettleNanoseconds = 2'000'000'000;
constexpr std::size_t kDigestBytes = sizeof(base::Digest::Bytes);

void append_number(std::string& text, std::uint64_t number) {
  for (int i = 0; i < 8; ++i) text.push_back(static_cast<char>(number >> (8 * i) & 0xFF));
}

void append_digest(std::string& text, const base::Digest& digest) {
  text.append(reinterpret_cast<const char*>(digest.bytes().data()), kDigestBytes);
}

// Takes fields off the front; once one is missing, `ok` is false and all that follow are zero.
struct Reader {
  std::string_view rest;
  bool ok = true;

  std::string_view bytes(std::uint64_t count) {
    ok = ok && count <= rest.size();
    if (!ok) return {};
    const std::string_view taken = rest.substr(0, count);
    rest.remove_prefix(count);
    return taken;
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    const std::string_view taken = bytes(8);
    for (std::size_t i = taken.size(); i > 0; --i)
      value = value << 8 | static_cast<unsigned char>(taken[i - 1]);
    return value;
  }
  base::Digest digest() {
    base::Digest::Bytes value{};
    const std::string_view taken = bytes(kDigestBytes);
    std::copy(taken.begin(), taken.end(), value.begin());
    return base::Digest(value);
  }
};

std::string read_if_there(const std::string& path) {
  try {
    return os::read_file(path, kLargestFile);
  } catch (const base::Error&) {
    return {};
  }
}

}  // namespace

void DigestCache::load(const std::string& path) {
  const std::string text = read_if_there(path);
  if (!text.starts_with(kMagic)) return;
  Reader reader{std::string_view(text).substr(kMagic.size())};
  const base::Digest frame = reader.digest();
  if (!reader.ok || base::sha256(reader.rest) != frame) return;
  entries_.with([&reader](Entries& entries) {
    while (reader.ok && !reader.rest.empty()) {
      const std::string name(reader.bytes(reader.number()));
      Entry entry;
      entry.identity.device = reader.number();
      entry.identity.inode = reader.number();
      entry.identity.size = reader.number();
      entry.identity.mtime_nsec = static_cast<std::int64_t>(reader.number());
      entry.identity.ctime_nsec = static_cast<std::int64_t>(reader.number());
      entry.idle = reader.number();
      entry.digest = reader.digest();
      entry.settled = true;
      // They were saved in order.
      if (reader.ok) entries.by_path.insert_or_assign(entries.by_path.end(), name, entry);
    }
  });
}

bool DigestCache::has_news() const {
  return entries_.with([](const Entries& entries) { return entries.has_news; });
}

std::string DigestCache::serialize() const {
  std::string body;
  entries_.with([&body](const Entries& entries) {
    for (const auto& [name, entry] : entries.by_path) {
      const std::uint64_t idle = entry.used ? 0 : entry.idle + 1;
      if (!entry.settled || idle > kMostIdleSaves) continue;
      append_number(body, name.size());
      body += name;
      append_number(body, entry.identity.device);
      append_number(body, entry.identity.inode);
      append_number(body, entry.identity.size);
      append_number(body, static_cast<std::uint64_t>(entry.identity.mtime_nsec));
      append_number(body, static_cast<std::uint64_t>(entry.identity.ctime_nsec));
      append_number(body, idle);
      append_digest(body, entry.digest);
    }
  });
  std::string text(kMagic);
  append_digest(text, base::sha256(body));
  return text + body;
}

std::optional<base::Digest> DigestCache::find(const std::string& path, const FileIdentity& identity) const {
  return entries_.with([&](Entries& entries) -> std::optional<base::Digest> {
    auto found = entries.by_path.find(path);
    if (found == entries.by_path.end() || found->second.identity != identity) return std::nullopt;
    found->second.used = true;
    return found->second.digest;
  });
}

void DigestCache::put(const std::string& path, const FileIdentity& identity, const base::Digest& digest,
                      std::int64_t hashed_at_nsec) {
  const std::int64_t changed = std::max(identity.mtime_nsec, identity.ctime_nsec);
  const bool settled = changed < hashed_at_nsec - kSettleNanoseconds;
  entries_.with([&](Entries& entries) {
    entries.by_path.insert_or_assign(path, Entry{identity, digest, settled, true, 0});
    entries.has_news = entries.has_news || settled;
  });
}

}  // namespace cooper::context
