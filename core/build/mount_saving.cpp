#include "build/mount_saving.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "os/file_lock.h"
#include "os/file_time.h"

namespace cooper::build {
namespace {

constexpr std::int64_t kNanoseconds = 1'000'000'000;

MountLimits limits_of(const CacheMounts& rules) {
  MountLimits limits;
  limits.max_size = rules.max_size;
  if (rules.max_age > 0) limits.used_since = os::now() / kNanoseconds - rules.max_age;
  return limits;
}

// The blobs are the mount's own, so they have the form that a place asks for, whatever the image's is.
archive::CompressionOptions compression_of(const std::vector<CacheExport>& exports) {
  for (const CacheExport& place : exports) {
    if (place.compression && !place.is_inline()) return *place.compression;
  }
  return {archive::Compression::kZstd, -1};
}

bool begins_with(const cache::MountSave& save, const cache::MountSave& first) {
  return save.layers.size() >= first.layers.size() &&
         std::equal(first.layers.begin(), first.layers.end(), save.layers.begin());
}

std::string describe(const ops::KeptMount& mount, const PackedMount& packed) {
  const cache::MountSave& save = packed.state.save;
  if (packed.kind != PackedMount::Kind::kDelta) {
    return fmt::format("cache mount '{}': {} saved, {} compressed", mount.id, base::human_size(save.size),
                       base::human_size(save.blob_size()));
  }
  return fmt::format("cache mount '{}': {} saved, {} of changes compressed", mount.id,
                     base::human_size(save.size), base::human_size(save.layers.back().blob.size));
}

}  // namespace

MountSaver::MountSaver(const Surroundings& surroundings, cache::Warn warn)
    : around_(surroundings),
      warn_(std::move(warn)),
      packer_(around_.layers, around_.pool, limits_of(around_.rules), compression_of(around_.exports)) {}

void MountSaver::fail(const ops::KeptMount& mount, const CacheExport& place, const base::Error& error) const {
  if (error.kind() == base::ErrorKind::kCancelled) throw error;
  const std::string what =
      fmt::format("cache mount '{}' not saved to the cache in {}", mount.id, place.records->name());
  if (place.must_succeed) throw base::Error(error).context(what);
  warn_(fmt::format("{}: {}", what, error.summary()));
}

// Without those that do not answer.
std::vector<MountSaver::Place> MountSaver::look_at_places(const ops::KeptMount& mount,
                                                          const std::stop_token& stop) const {
  std::vector<Place> places;
  for (const CacheExport& place : around_.exports) {
    if (place.is_inline()) continue;
    std::optional<cache::MountSave> known;
    try {
      if (auto text = place.records->backend().read(cache::mount_document(mount.name), stop))
        known = cache::MountSave::parse(*text);
    } catch (const base::Error& error) {
      // A damaged document is replaced.
      if (error.kind() != base::ErrorKind::kCorrupt) {
        fail(mount, place, error);
        continue;
      }
    }
    places.push_back({&place, std::move(known)});
  }
  return places;
}

bool MountSaver::can_extend(const std::vector<Place>& places, const cache::MountSave& save) const {
  const bool all_at_hand =
      std::all_of(save.layers.begin(), save.layers.end(),
                  [&](const cache::MountLayer& layer) { return around_.blobs.knows(layer.blob); });
  return all_at_hand || std::all_of(places.begin(), places.end(), [&](const Place& place) {
           return place.known && begins_with(*place.known, save);
         });
}

// nullopt, after a warning, when it cannot be read now or may not be saved.
std::optional<PackedMount> MountSaver::pack(const ops::KeptMount& mount, const std::vector<Place>& places,
                                            const std::stop_token& stop) const {
  const auto lock = os::FileLock::try_acquire(mount.directory + ".lock", os::LockMode::kExclusive);
  if (!lock) {
    warn_(fmt::format("cache mount '{}' not saved: another build is using it", mount.id));
    return std::nullopt;
  }
  SavedElsewhere saved;
  saved.all_have_one =
      std::all_of(places.begin(), places.end(), [](const Place& place) { return place.known.has_value(); });
  saved.can_extend = [&](const cache::MountSave& save) { return can_extend(places, save); };
  try {
    PackedMount packed = packer_.pack(mount, saved, stop);
    if (packed.kind != PackedMount::Kind::kTooLarge) return packed;
    warn_(fmt::format("cache mount '{}' not saved: it holds {}, more than max-size={}", mount.id,
                      base::human_size(packed.size), base::human_size(around_.rules.max_size)));
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::kCancelled) throw;
    warn_(fmt::format("cache mount '{}' not saved: {}", mount.id, error.summary()));
  }
  return std::nullopt;
}

// How many places have it now.
int MountSaver::write(const ops::KeptMount& mount, const std::vector<Place>& places,
                      const PackedMount& packed, const std::stop_token& stop) const {
  int written = 0;
  for (const Place& place : places) {
    // What others saved since is not replaced by what is older.
    if (packed.kind == PackedMount::Kind::kUnchanged && place.known) continue;
    try {
      place.what->records->backend().write(cache::mount_document(mount.name), packed.state.save.document(),
                                           stop);
      ++written;
    } catch (const base::Error& error) {
      fail(mount, *place.what, error);
    }
  }
  return written;
}

std::string MountSaver::save(const ops::KeptMount& mount, const std::stop_token& stop) const {
  const std::vector<Place> places = look_at_places(mount, stop);
  if (places.empty()) return "";
  const std::optional<PackedMount> packed = pack(mount, places, stop);
  if (!packed) return "";
  const bool is_new = packed->kind != PackedMount::Kind::kUnchanged;
  if (write(mount, places, *packed, stop) == 0)
    return is_new ? "" : fmt::format("cache mount '{}': unchanged", mount.id);
  if (is_new) write_mount_state(mount.directory, packed->state);
  return describe(mount, *packed);
}

}  // namespace cooper::build
