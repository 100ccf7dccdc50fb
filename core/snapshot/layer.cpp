#include "snapshot/layer.h"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>

#include "base/error.h"
#include "os/fd.h"

namespace cooper::snapshot {
namespace {

constexpr std::size_t kBufferSize = 256 << 10;

}  // namespace

void Layer::require_ready() const {
  if (!materialized()) {
    throw base::Error(base::ErrorKind::kInternal,
                      fmt::format("layer '{}' is used before it was materialised", id_));
  }
}

const LayerIndex& Layer::index() const {
  require_ready();
  return *index_;
}

const std::string& Layer::tree() const {
  require_ready();
  return tree_;
}

void Layer::set_ready(std::shared_ptr<const LayerIndex> index, std::string tree) {
  root_.emplace(tree);
  index_ = std::move(index);
  tree_ = std::move(tree);
  ready_.store(true, std::memory_order_release);
}

os::Fd Layer::open_file(const std::string& path) const {
  require_ready();
  return root_->open_exact(path, O_RDONLY | O_NONBLOCK);
}

base::Digest Layer::hash_file(const std::string& path, std::uint64_t size) const {
  os::Fd file = open_file(path);
  os::FdSource source(file.get(), tree_ + "/" + path);
  // No larger than the file: most are small, and a large fresh buffer costs more than they do.
  std::vector<std::byte> buffer(static_cast<std::size_t>(std::min<std::uint64_t>(size + 1, kBufferSize)));
  base::Hasher hasher;
  std::uint64_t total = 0;
  while (std::size_t count = source.read(buffer)) {
    hasher.update(base::ByteSpan(buffer).first(count));
    total += count;
  }
  if (total != size) {
    throw base::Error(base::ErrorKind::kCorrupt,
                      fmt::format("'{}' in layer '{}' has {} bytes instead of {}", path, id_, total, size))
        .hint("remove this layer's folder below trees/ in the store, it was changed from outside");
  }
  return hasher.finish();
}

base::Digest Layer::content_digest(const Entry& entry) const {
  if (!entry.content.empty()) return entry.content;
  const std::string& key = entry.type == EntryType::kHardlink ? entry.link_target : entry.path;
  base::Digest known = digests_.with([&](auto& digests) {
    auto found = digests.find(key);
    return found == digests.end() ? base::Digest() : found->second;
  });
  if (!known.empty()) return known;

  base::Digest digest = hash_file(key, entry.size);
  digests_.with([&](auto& digests) { digests[key] = digest; });
  return digest;
}

}  // namespace cooper::snapshot
