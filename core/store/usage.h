// What lies in a store, how large it is and when it was used last: what the garbage collector chooses from
// and `cooper cache ls` shows.
//
// Everything below the store counts, but measuring a whole store may not cost more than a few milliseconds,
// as every build ends with it. So nothing large is walked twice: a layer says its size in a file beside its
// index, and the sums of cache mounts, git repositories and the like are remembered (store/size_memo.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.h"

namespace cooper::store {

enum class ItemKind {
  kLayer,       // layers/<id> and its trees in every form; or trees alone, of what has no index
  kBlob,        // blobs/sha256/<hex>
  kMount,       // mounts/<name>: all directories of a cache mount
  kSource,      // sources/git/<hex> with its lock, or sources/http/<hex>
  kRecord,      // what a cache key stands for
  kStepRecord,  // the last record of a step
};
std::string_view kind_name(ItemKind kind);  // "layer", "blob", …

// What is removed as a whole.
struct Item {
  ItemKind kind = ItemKind::kBlob;
  std::string id;  // a layer's id, a blob's hex digits, else the path below the store
  // Absolute. They are moved away in this order, so that what is left when that is interrupted is
  // unreachable, never half there.
  std::vector<std::string> paths;
  std::string stamp;           // its time is when the item was used last
  bool by_change = false;      // then its ctime is: the mtime of a tree belongs to the layer
  std::string lock;            // held by whoever changes it; "" where leases alone protect it
  std::string claim;           // where this is, somebody is making the item whole; "" for none
  bool has_index = true;       // false for trees without one, and what an interrupted process left of a layer
  std::uint64_t size = 0;      // bytes on the disk, about
  std::int64_t last_used = 0;  // nanoseconds since the epoch
};

struct Usage {
  std::vector<Item> items;
  std::uint64_t work = 0;  // tmp/: of running processes, and what nobody could remove of dead ones
  std::uint64_t rest = 0;  // index.json, leases, files that are none of ours
  std::uint64_t total() const;
};

// Reads the store; writes only remembered sizes. Items that come or go meanwhile are there or not. Throws
// Error{kIo}.
Usage measure_usage(const Store& store);

// When the item was used last, now; nullopt when it is gone.
std::optional<std::int64_t> read_last_used(const Item& item);

// Where a layer's size is kept, and how: decimal bytes of its tree, the same in every form.
std::string layer_size_path(const Store& store, const std::string& id);
std::string render_size(std::uint64_t bytes);
std::optional<std::uint64_t> parse_size(std::string_view text);  // nullopt when damaged

}  // namespace cooper::store
