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
  if (!has_tree()) {
    throw base::Error(base::ErrorKind::kInternal,
                      fmt::format("the tree of layer '{}' is used before it was made", id_));
  }
  return tree_;
}

void Layer::set_tree(std::string tree) {
  root_.emplace(tree);
  tree_ = std::move(tree);
  has_tree_.store(true, std::memory_order_release);
}

void Layer::set_ready(std::shared_ptr<const LayerIndex> index, std::string tree) {
  set_tree(std::move(tree));
  index_ = std::move(index);
  ready_.store(true, std::memory_order_release);
}

void Layer::set_ready(std::shared_ptr<const LayerIndex> index, std::shared_ptr<const FilePack> pack) {
  index_ = std::move(index);
  pack_ = std::move(pack);
  ready_.store(true, std::memory_order_release);
}

const Entry& Layer::file_at(const std::string& path) const {
  const Entry* entry = index().find(path);
  if (entry != nullptr && entry->type == EntryType::kHardlink) entry = index().find(entry->link_target);
  if (entry != nullptr && entry->type == EntryType::kFile) return *entry;
  throw base::Error(base::ErrorKind::kIo, fmt::format("layer '{}' has no file '{}'", id_, path));
}

os::Fd Layer::open_file(const std::string& path) const {
  require_ready();
  if (pack_ != nullptr) return pack_->open(file_at(path));
  return root_->open_exact(path, O_RDONLY | O_NONBLOCK);
}

std::unique_ptr<FileContents> Layer::contents() const {
  require_ready();
  return pack_ != nullptr ? contents_of_pack(pack_) : contents_of_tree(tree_);
}

base::Digest Layer::hash_file(const Entry& file) const {
  os::Fd opened = open_file(file.path);
  os::FdSource source(opened.get(), file.path);
  // No larger than the file: most are small, and a large fresh buffer costs more than they do.
  std::vector<std::byte> buffer(
      static_cast<std::size_t>(std::min<std::uint64_t>(file.size + 1, kBufferSize)));
  base::Hasher hasher;
  std::uint64_t total = 0;
  while (std::size_t count = source.read(buffer)) {
    hasher.update(base::ByteSpan(buffer).first(count));
    total += count;
  }
  if (total != file.size) {
    throw base::Error(base::ErrorKind::kCorrupt, fmt::format("'{}' in layer '{}' has {} bytes instead of {}",
                                                             file.path, id_, total, file.size))
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

  base::Digest digest = hash_file(file_at(key));
  digests_.with([&](auto& digests) { digests[key] = digest; });
  return digest;
}

}  // namespace cooper::snapshot
