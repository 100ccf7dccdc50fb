#include "build/mount_packing.h"

#include "ops/cache_owners.h"
#include "os/file_time.h"
#include "snapshot/pack_blob.h"

namespace cooper::build {
namespace {

constexpr std::uint64_t kTarBlock = 512;
constexpr std::int64_t kNanoseconds = 1'000'000'000;

// Bytes of its tar, about: a thousand empty files are not nothing.
std::uint64_t tar_size(const snapshot::LayerIndex& index) {
  return index.total_size() + index.entries().size() * kTarBlock;
}

bool is_worth_a_delta(const cache::MountSave& last, std::uint64_t delta, std::uint64_t whole) {
  if (last.layers.size() >= cache::kMostMountLayers || delta >= whole) return false;
  std::uint64_t deltas = delta;
  for (std::size_t i = 1; i < last.layers.size(); ++i) deltas += last.layers[i].size;
  return deltas <= last.layers.front().size;
}

}  // namespace

PackedMount MountPacker::pack(const ops::KeptMount& mount, const SavedElsewhere& saved,
                              const std::stop_token& stop) const {
  const std::optional<MountState> last = read_mount_state(mount.directory);
  PackedMount packed;
  MountState& state = packed.state;
  state.time = os::now();
  snapshot::DirectoryIndex now = look(mount.directory, last);
  packed.size = now.index.total_size();
  if (packed.size > limits_.max_size) {
    packed.kind = PackedMount::Kind::kTooLarge;
    return packed;
  }
  const snapshot::LayerIndex changes =
      last ? snapshot::index_changes(last->index, now) : snapshot::LayerIndex();
  const bool can_extend = last && saved.can_extend(last->save);
  if (last && changes.entries().empty() && (saved.all_have_one || can_extend)) {
    state.save = last->save;
    return packed;
  }
  if (can_extend && is_worth_a_delta(last->save, tar_size(changes), tar_size(now.index))) {
    packed.kind = PackedMount::Kind::kDelta;
    state.save.layers = last->save.layers;
    state.save.layers.push_back(pack_layer(changes, mount.directory, stop));
  } else {
    packed.kind = PackedMount::Kind::kWhole;
    state.save.layers = {pack_layer(now.index, mount.directory, stop)};
  }
  state.save.mount = mount.id;
  state.save.size = packed.size;
  state.save.saved = state.time / kNanoseconds;
  state.index = std::move(now.index);
  return packed;
}

snapshot::DirectoryIndex MountPacker::look(const std::string& directory,
                                           const std::optional<MountState>& last) const {
  snapshot::DirectoryRules rules;
  // Where the disk cannot say whose files are, what steps left beside it can.
  std::optional<snapshot::LayerIndex> owners;
  if (layers_.form() == snapshot::Form::kOwn) owners = ops::read_cache_owners(directory);
  if (owners) {
    rules.known = &*owners;
  } else if (last) {
    rules.known = &last->index;
  }
  rules.since = last ? last->time : 0;
  rules.used_since = limits_.used_since;
  return snapshot::index_directory(directory, layers_.form(), rules, pool_);
}

cache::MountLayer MountPacker::pack_layer(const snapshot::LayerIndex& index, const std::string& directory,
                                          const std::stop_token& stop) const {
  // SOURCE_DATE_EPOCH is about images: here every file keeps the time that its programs know it by.
  const std::unique_ptr<snapshot::FileContents> files = snapshot::contents_of_tree(directory);
  const snapshot::SealedLayer sealed =
      snapshot::pack_blob(layers_.store(), {index, *files, std::nullopt, compression_}, pool_, nullptr, stop);
  return {sealed.diff_id, sealed.blob, tar_size(index)};
}

}  // namespace cooper::build
