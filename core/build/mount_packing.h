// What a cache mount holds becomes layers: all of it, or what changed since it was saved or restored last.
//
// A delta is taken when it is smaller than a whole save, and while all deltas together are no larger than the
// whole one that they lie on: what the next job fetches is at most about twice what the mount holds.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "archive/compression.h"
#include "base/thread_pool.h"
#include "build/mount_state.h"
#include "ops/mount_keeper.h"
#include "snapshot/directory_index.h"
#include "snapshot/layer_store.h"

namespace cooper::build {

struct MountLimits {
  std::uint64_t max_size = 0;   // bytes of file contents that are saved at most
  std::int64_t used_since = 0;  // files not changed or read since are left out; seconds since the epoch
};

struct PackedMount {
  enum class Kind { kUnchanged, kTooLarge, kDelta, kWhole };
  Kind kind = Kind::kUnchanged;
  std::uint64_t size = 0;  // bytes of file contents
  MountState state;        // with kDelta and kWhole; with kUnchanged only what was saved
};

// What the packer asks about the places that will be written to.
struct SavedElsewhere {
  bool all_have_one = false;  // a document of this mount, whatever it says
  // Whether all blobs of a save are there, or can be brought there.
  std::function<bool(const cache::MountSave&)> can_extend;
};

class MountPacker {
 public:
  // Borrows both.
  MountPacker(snapshot::LayerStore& layers, base::ThreadPool& pool, MountLimits limits,
              archive::CompressionOptions compression)
      : layers_(layers), pool_(pool), limits_(limits), compression_(compression) {}

  // The caller holds the mount's lock exclusively. New blobs are in the store afterwards. Throws Error{kIo}.
  PackedMount pack(const ops::KeptMount& mount, const SavedElsewhere& saved,
                   const std::stop_token& stop) const;

 private:
  snapshot::DirectoryIndex look(const std::string& directory, const std::optional<MountState>& last) const;
  cache::MountLayer pack_layer(const snapshot::LayerIndex& index, const std::string& directory,
                               const std::stop_token& stop) const;

  snapshot::LayerStore& layers_;
  base::ThreadPool& pool_;
  MountLimits limits_;
  archive::CompressionOptions compression_;
};

}  // namespace cooper::build
