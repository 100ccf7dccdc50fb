// What a directory holds that steps wrote to freely, such as a cache mount's, and what changed in it.
//
// There is no overlay to tell what changed: type, size, times and attributes do, and the kernel's own time of
// the last change, which no program can set back (npm gives every file it unpacks the same time). Left out
// are sockets, devices, and names that a layer's tar would take for deleted files.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "base/thread_pool.h"
#include "snapshot/form.h"
#include "snapshot/layer_index.h"

namespace cooper::snapshot {

struct DirectoryRules {
  // What the form cannot keep on disk is as it was here; may be null.
  const LayerIndex* known = nullptr;
  std::int64_t since = 0;  // nanoseconds since the epoch
  // Files that were neither changed nor read since are left out; seconds since the epoch.
  std::int64_t used_since = 0;
};

struct DirectoryIndex {
  LayerIndex index;               // without the root
  std::set<std::string> touched;  // files that changed after DirectoryRules::since, whatever they look like
};

// No process may be writing to `directory`. Throws Error{kIo}.
DirectoryIndex index_directory(const std::string& directory, Form form, const DirectoryRules& rules,
                               base::ThreadPool& pool);

// The layer that makes what `before` lists into what `after` lists: changed and new entries, whiteouts for
// deleted ones. A file with several names comes with all of them.
LayerIndex index_changes(const LayerIndex& before, const DirectoryIndex& after);

}  // namespace cooper::snapshot
