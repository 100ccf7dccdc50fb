// Whose the files of a cache mount are, where steps cannot give files away: kept beside the mount's directory
// from one step to the next, as an index of the entries of which the disk does not say all.
#pragma once

#include <optional>
#include <string>

#include "base/thread_pool.h"
#include "snapshot/inode_notes.h"
#include "snapshot/layer_index.h"

namespace cooper::ops {

// nullopt when nothing is known: all is root's. A damaged file is Error{kCorrupt}.
std::optional<snapshot::LayerIndex> read_cache_owners(const std::string& directory);
// Replaces what is known by what `index`, of the directory's content, says.
void write_cache_owners(const std::string& directory, const snapshot::LayerIndex& index);

// Before a step: what is known goes to `notes`, for what is still there. Throws Error{kIo}.
void note_cache_owners(const std::string& directory, snapshot::InodeNotes& notes);
// After a step: what `notes` say of the content is known from now on. Several steps may have the mount at
// once: what only others know stays. Throws Error{kIo}.
void keep_cache_owners(const std::string& directory, const snapshot::InodeNotes& notes,
                       base::ThreadPool& pool);

}  // namespace cooper::ops
