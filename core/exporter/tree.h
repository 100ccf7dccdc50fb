// type=local and type=tar: the file tree of the result.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/thread_pool.h"
#include "exporter/destination.h"
#include "exporter/exporter.h"
#include "snapshot/layer_store.h"

namespace cooper::exporter {

struct TreeOutput {
  bool as_tar = false;
  Destination destination;  // a directory for type=local
  // A folder os_arch per platform; by default when there are several. Without, no two may have the same file.
  std::optional<bool> platform_split;
  std::optional<std::int64_t> epoch;  // newer times become this
  // Of a directory: owners, extended attributes and device nodes as the image has them. Only root can.
  bool keep_owners = false;
};

// Without keep_owners files of type=local belong to the caller, as with BuildKit; modes and times are the
// image's. Device nodes cannot be written by an ordinary user and are left out, which the result line says.
std::unique_ptr<Exporter> make_tree_exporter(TreeOutput output, snapshot::LayerStore& layers,
                                             base::ThreadPool& pool);

}  // namespace cooper::exporter
