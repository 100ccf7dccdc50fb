#include "snapshot/layer.h"

#include <fcntl.h>
#include <fmt/format.h>

#include "base/error.h"
#include "os/fd.h"

namespace cooper::snapshot {

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

base::Digest Layer::content_digest(const Entry& entry) const {
  if (!entry.content.empty()) return entry.content;
  const std::string& key = entry.type == EntryType::kHardlink ? entry.link_target : entry.path;
  base::Digest known = digests_.with([&](auto& digests) {
    auto found = digests.find(key);
    return found == digests.end() ? base::Digest() : found->second;
  });
  if (!known.empty()) return known;

  os::Fd file = open_file(key);
  os::FdSource source(file.get(), tree_ + "/" + key);
  base::HashingSink hash;
  if (base::copy_all(source, hash) != entry.size) {
    throw base::Error(
        base::ErrorKind::kCorrupt,
        fmt::format("'{}' in layer '{}' has not the {} bytes that its index says", key, id_, entry.size))
        .hint("remove this layer's folder below trees/ in the store, it was changed from outside");
  }
  base::Digest digest = hash.digest();
  digests_.with([&](auto& digests) { digests[key] = digest; });
  return digest;
}

}  // namespace cooper::snapshot
