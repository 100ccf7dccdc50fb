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
  std::string text = read_if_there(path);
  if (!text.starts_with(kMagic)) return;
  Reader reader{std::string_view(text).substr(kMagic.size())};
  const base::Digest frame = reader.digest();
  if (!reader.ok || base::sha256(reader.rest) != frame) return;
  std::vector<Loaded> loaded;
  while (reader.ok && !reader.rest.empty()) {
    Loaded entry;
    entry.path = reader.bytes(reader.number());
    entry.identity.device = reader.number();
    entry.identity.inode = reader.number();
    entry.identity.size = reader.number();
    entry.identity.mtime_nsec = static_cast<std::int64_t>(reader.number());
    entry.identity.ctime_nsec = static_cast<std::int64_t>(reader.number());
    entry.idle = reader.number();
    entry.digest = reader.digest();
    const bool in_order = loaded.empty() || loaded.back().path < entry.path;
    if (!reader.ok || !in_order) return;
    loaded.push_back(entry);
  }
  used_ = std::make_unique<std::atomic<bool>[]>(loaded.size());
  loaded_ = std::move(loaded);
  text_ = std::move(text);  // a long string: the views stay good
}

bool DigestCache::has_news() const {
  return fresh_.with([](const Fresh& fresh) { return fresh.has_news; });
}

std::string DigestCache::serialize() const {
  std::string body;
  auto append = [&body](std::string_view path, const FileIdentity& identity, std::uint64_t idle,
                        const base::Digest& digest) {
    append_number(body, path.size());
    body += path;
    append_number(body, identity.device);
    append_number(body, identity.inode);
    append_number(body, identity.size);
    append_number(body, static_cast<std::uint64_t>(identity.mtime_nsec));
    append_number(body, static_cast<std::uint64_t>(identity.ctime_nsec));
    append_number(body, idle);
    append_digest(body, digest);
  };
  fresh_.with([&](const Fresh& fresh) {
    std::vector<std::string_view> order;
    for (const auto& [path, entry] : fresh.by_path) order.push_back(path);
    std::sort(order.begin(), order.end());
    std::size_t next = 0;
    auto append_fresh = [&](std::string_view path) {
      const Entry& entry = fresh.by_path.at(std::string(path));
      if (entry.settled) append(path, entry.identity, 0, entry.digest);
    };
    for (std::size_t i = 0; i < loaded_.size(); ++i) {
      const Loaded& entry = loaded_[i];
      while (next < order.size() && order[next] < entry.path) append_fresh(order[next++]);
      if (next < order.size() && order[next] == entry.path) continue;  // what was put since counts
      const std::uint64_t idle = used_[i] ? 0 : entry.idle + 1;
      if (idle <= kMostIdleSaves) append(entry.path, entry.identity, idle, entry.digest);
    }
    while (next < order.size()) append_fresh(order[next++]);
  });
  std::string text(kMagic);
  append_digest(text, base::sha256(body));
  return text + body;
}

std::size_t DigestCache::find_loaded(std::string_view path) const {
  const auto found =
      std::lower_bound(loaded_.begin(), loaded_.end(), path,
                       [](const Loaded& entry, std::string_view wanted) { return entry.path < wanted; });
  const bool is_there = found != loaded_.end() && found->path == path;
  return static_cast<std::size_t>((is_there ? found : loaded_.end()) - loaded_.begin());
}

std::optional<base::Digest> DigestCache::find(const std::string& path, const FileIdentity& identity) const {
  const std::size_t known = find_loaded(path);
  if (known < loaded_.size() && loaded_[known].identity == identity) {
    used_[known].store(true, std::memory_order_relaxed);
    return loaded_[known].digest;
  }
  return fresh_.with([&](const Fresh& fresh) -> std::optional<base::Digest> {
    const auto found = fresh.by_path.find(path);
    if (found == fresh.by_path.end() || found->second.identity != identity) return std::nullopt;
    return found->second.digest;
  });
}

void DigestCache::put(const std::string& path, const FileIdentity& identity, const base::Digest& digest,
                      std::int64_t hashed_at_nsec) {
  const std::int64_t changed = std::max(identity.mtime_nsec, identity.ctime_nsec);
  const bool settled = changed < hashed_at_nsec - kSettleNanoseconds;
  fresh_.with([&](Fresh& fresh) {
    fresh.by_path.insert_or_assign(path, Entry{identity, digest, settled});
    fresh.has_news = fresh.has_news || settled;
  });
}

}  // namespace cooper::context
