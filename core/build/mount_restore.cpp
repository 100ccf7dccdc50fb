#include "build/mount_restore.h"

#include <cstdio>
#include <memory>

#include "base/error.h"
#include "os/beneath.h"
#include "snapshot/merge_trees.h"
#include "snapshot/unpack_blob.h"

namespace cooper::build {

snapshot::LayerIndex restore_mount(const cache::MountSave& save, const snapshot::BlobOpener& open,
                                   snapshot::LayerStore& layers, const std::string& tree,
                                   const std::stop_token& stop) {
  const os::TempDir work = layers.store().make_temp("restore-");
  const std::string merged = work.path() + "/tree";
  os::make_directories(merged);
  snapshot::TreeMerger merger(merged, layers.form());
  for (const cache::MountLayer& layer : save.layers) {
    const os::TempDir unpacked(work.path());
    const std::unique_ptr<base::ByteSource> blob = open(layer.blob, stop);
    const snapshot::SealedLayer sealed{layer.diff_id, layer.blob, std::nullopt};
    merger.add(unpacked.path(),
               snapshot::unpack_blob(*blob, sealed, nullptr, {unpacked.path(), layers.form(), {}}, stop));
  }
  snapshot::LayerIndex index = merger.finish();
  base::check(::rename(merged.c_str(), tree.c_str()), "replace", tree);
  return index;
}

}  // namespace cooper::build
