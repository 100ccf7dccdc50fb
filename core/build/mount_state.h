// What a store knows of a cache mount that is kept elsewhere: what was saved or restored last, and how the
// directory looked then. A file beside the directory: <store>/mounts/<hex>/saved.
//
// Format: the time in decimal nanoseconds and a newline, the document on one line (cache/mount_saves.h), the
// index as layers have it (snapshot/layer_index.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cache/mount_saves.h"
#include "snapshot/layer_index.h"

namespace cooper::build {

struct MountState {
  cache::MountSave save;
  snapshot::LayerIndex index;
  std::int64_t time = 0;  // when the directory was looked at, nanoseconds since the epoch
};

// `directory` is the mount's own. nullopt for a missing or damaged one: the next save is then a whole one.
std::optional<MountState> read_mount_state(const std::string& directory);
void write_mount_state(const std::string& directory, const MountState& state);  // throws Error{kIo}
void remove_mount_state(const std::string& directory);

}  // namespace cooper::build
