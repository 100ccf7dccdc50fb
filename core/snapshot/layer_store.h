// Where layers live: index and unpacked bytes in the store, in the form that the current tier can use.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "archive/compression.h"
#include "base/bytes.h"
#include "base/thread_pool.h"
#include "os/beneath.h"
#include "snapshot/layer.h"
#include "store/store.h"

namespace cooper::snapshot {

// How owners are kept on disk. All need uid 0 in the current user namespace but kOwn.
enum class Form {
  kReal,    // chown and mknod work
  kMapped,  // chown works inside our user namespace; device nodes are empty placeholder files
  kOwn,     // neither works: everything on disk is ours, the index alone knows the owners
};

// A layer being made: write files into tree() (file system paths mirror layer paths), list them in an index,
// commit.
class Staging {
 public:
  const std::string& tree() const { return tree_; }
  const std::string& scratch() const {
    return scratch_;
  }  // same file system; overlay's work directory and the like

 private:
  friend class LayerStore;
  explicit Staging(os::TempDir directory);
  os::TempDir directory_;
  std::string tree_;
  std::string scratch_;
};

struct SealOptions {
  archive::CompressionOptions compression;
  std::optional<std::int64_t> epoch;  // clamp times to this, seconds since the epoch
};

class LayerStore {
 public:
  LayerStore(std::shared_ptr<store::Store> store, Form form, base::ThreadPool& pool);

  Form form() const { return form_; }
  store::Store& store() { return *store_; }

  // A layer known from a manifest. Fetches nothing; the same diffID gives the same Layer object within one
  // process.
  LayerPtr declare(const SealedLayer& sealed, BlobOpener opener);
  // A layer made here earlier, by its id; null when index or tree are gone.
  LayerPtr find(const std::string& id);

  // Makes index() and tree() available: from the store, else from the blob in the store, else from the
  // layer's opener: download, verify, decompress and unpack in one stream, the blob kept in the store on the
  // way. A blob or diffID that does not match its digest is Error{kCorrupt} naming it, and leaves nothing.
  // Single-flight per layer.
  void materialize(Layer& layer, const std::stop_token& stop);

  Staging begin();
  // The staged tree becomes an immutable layer with `index`. Entries of kFile must have their bytes at
  // tree()/path.
  LayerPtr commit(Staging staging, LayerIndex index);
  // Commits what a RUN left in overlay's upper directory (staging.tree()): whiteouts, opaque directories,
  // hardlinks, owners per form; `lower` supplies what the form cannot hold. Returns null when nothing
  // changed.
  LayerPtr commit_upper(Staging staging, const LayerStack& lower);

  // The layer as an image names it: tar → diffID → compress → digest → blob in one pass, done once per layer
  // and options and remembered on disk. Layers from an image keep their own blob (fetched only when
  // `need_blob`), re-compressed only when times must be clamped below its max_mtime — never for image layers.
  // `tee` (may be null) gets the compressed bytes while they are made; it is not called when the blob exists
  // already.
  SealedLayer seal(Layer& layer, const SealOptions& options, base::ByteSink* tee,
                   const std::stop_token& stop);
  // Fetches an image layer's blob into the store without unpacking it.
  void fetch_blob(Layer& layer, const std::stop_token& stop);

 private:
  std::shared_ptr<store::Store> store_;
  Form form_;
  base::ThreadPool& pool_;
};

}  // namespace cooper::snapshot
