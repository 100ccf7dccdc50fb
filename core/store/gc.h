// Garbage collection: least recently used first, down to a hard limit that counts everything below the store.
//
// Several processes may collect at once, and others build meanwhile. Nothing goes that was used since the
// oldest lease began that another process still holds. The caller's own lease protects nothing: its build is
// over. Blobs of images that have a name (store/image_names.h) stay, whatever the limit.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/digest.h"
#include "store/store.h"

namespace cooper::store {

inline constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

struct GcOptions {
  std::uint64_t limit = kNoLimit;  // bytes
  // Spares what was used since, nanoseconds since the epoch.
  std::int64_t unused_since = std::numeric_limits<std::int64_t>::max();
  // Also removes what no build can find any more, whatever the limit: layers that no record names, records of
  // layers that are gone, what killed processes left.
  bool unreachable = false;
  // Blobs of images that were given up: they can be found no more, unless an image with a name has them, too.
  std::set<base::Digest> given_up;
  // The layer that the record in this file names: "" for none, nullopt when it cannot be read. What is in a
  // record is no business of the store's. A layer's records go with it.
  std::function<std::optional<std::string>(const std::string& path)> layer_of_record;
};

struct GcResult {
  std::size_t removed = 0;         // items
  std::uint64_t freed = 0;         // bytes
  std::uint64_t remaining = 0;     // bytes
  std::uint64_t over = 0;          // bytes above the limit that running builds hold
  std::uint64_t named = 0;         // bytes above the limit that images with a name hold
  std::vector<std::string> stuck;  // what belongs to other users, "layer 'layer-01ab…'"
};

// min(20 % of the disk, 20 GB), bytes.
std::uint64_t default_limit(const Store& store);

// Throws Error{kIo}. A stop request ends it early.
GcResult collect(const Store& store, const GcOptions& options, const std::stop_token& stop);

}  // namespace cooper::store
