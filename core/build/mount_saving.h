// One cache mount goes to all places that keep them.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "build/cache_places.h"
#include "build/cached_blobs.h"
#include "build/mount_packing.h"
#include "build/request.h"
#include "cache/records.h"

namespace cooper::build {

class MountSaver {
 public:
  // Borrowed, all of it.
  struct Surroundings {
    const std::vector<CacheExport>& exports;
    snapshot::LayerStore& layers;
    base::ThreadPool& pool;
    const CachedBlobs& blobs;
    const CacheMounts& rules;
  };
  MountSaver(const Surroundings& surroundings, cache::Warn warn);

  // One line for people; "" when there was nothing to do, or a warning said why not. A mount that another
  // build uses is left to that build. Throws Error{kRegistry|kAuth|kIo} for a place that must succeed, and
  // Error{kCancelled}.
  std::string save(const ops::KeptMount& mount, const std::stop_token& stop) const;

 private:
  struct Place {
    const CacheExport* what = nullptr;
    std::optional<cache::MountSave> known;  // what is there now
  };
  std::vector<Place> look_at_places(const ops::KeptMount& mount, const std::stop_token& stop) const;
  std::optional<PackedMount> pack(const ops::KeptMount& mount, const std::vector<Place>& places,
                                  const std::stop_token& stop) const;
  bool can_extend(const std::vector<Place>& places, const cache::MountSave& save) const;
  int write(const ops::KeptMount& mount, const std::vector<Place>& places, const PackedMount& packed,
            const std::stop_token& stop) const;
  void fail(const ops::KeptMount& mount, const CacheExport& place, const base::Error& error) const;

  Surroundings around_;
  cache::Warn warn_;
  MountPacker packer_;
};

}  // namespace cooper::build
