// Where layers live: index and unpacked bytes in the store, in the form that the current tier can use.
#pragma once

#include <cstdint>
#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

#include "archive/compression.h"
#include "base/bytes.h"
#include "base/guarded.h"
#include "base/thread_pool.h"
#include "os/beneath.h"
#include "snapshot/farm.h"
#include "snapshot/farm_changes.h"
#include "snapshot/form.h"
#include "snapshot/inode_notes.h"
#include "snapshot/layer.h"
#include "store/store.h"

namespace cooper::snapshot {

// A layer being made: write files into tree() (file system paths mirror layer paths), or the bytes of all
// files into pack(), list them in an index, commit.
class Staging {
 public:
  const std::string& tree() const { return tree_; }
  const std::string& pack() const { return pack_; }
  const std::string& scratch() const {
    return scratch_;
  }  // same file system; overlay's work directory and the like
  // The bytes are in pack(), in the order of the index; tree() stays empty.
  void set_packed() { packed_ = true; }
  // Every file has its bytes and attributes, as TreeWriter gives them: commit() need not look at them again.
  void set_files_finished() { files_finished_ = true; }

 private:
  friend class LayerStore;
  explicit Staging(os::TempDir directory);
  os::TempDir directory_;
  timespec begun_{};  // by the clock that file systems stamp with
  std::string tree_;
  std::string scratch_;
  std::string pack_;
  bool packed_ = false;
  bool files_finished_ = false;
};

// What a step saw besides the layers it ran on.
struct StepSurroundings {
  LayerStack mounted;
  // There is a SOURCE_DATE_EPOCH: fresh times are the same in the end, so a file that is written again with
  // another one is as it was, unless the step itself gave it its time.
  bool one_fresh_time = false;
};

struct SealOptions {
  archive::CompressionOptions compression;
  // Seconds since the epoch: newer times become this, and so does every fresh one, unless it is still to
  // come.
  std::optional<std::int64_t> epoch;
};

// Safe to use from several threads. What is found on disk is complete: bytes are published before the index
// that makes a layer known, each by one rename. After a power cut a tree may hold empty files, as nothing is
// synced one by one; a caller that must survive that calls syncfs before it publishes the record that names
// the layer.
class LayerStore {
 public:
  // `pool` is for compression and walks; callers of this class may not be its tasks.
  LayerStore(std::shared_ptr<store::Store> store, Form form, base::ThreadPool& pool);

  Form form() const { return form_; }
  store::Store& store() { return *store_; }

  // A layer known from a manifest or a cache. Fetches nothing; the same diffID (of a cache: and epoch) gives
  // the same Layer object within one process.
  LayerPtr declare(const SealedLayer& sealed, BlobOpener opener);
  // A layer made here earlier, by its id; null when its index or its bytes are gone. materialize() reads the
  // index.
  LayerPtr find(const std::string& id);

  // Makes index() and the bytes available: from the store, else from the blob in the store, else from the
  // layer's opener: download, verify, decompress and unpack in one stream, the blob kept in the store on the
  // way. A blob or diffID that does not match its digest is Error{kCorrupt} naming it, and leaves nothing.
  // Single-flight per layer.
  void materialize(Layer& layer, const std::stop_token& stop);

  Staging begin();
  // What was staged becomes an immutable layer with `index`. Of a tree: entries of kFile must have their
  // bytes at tree()/path; all else (directories, links, devices, whiteouts, owners, modes, times) is put
  // right here where the tree differs.
  LayerPtr commit(Staging staging, LayerIndex index);
  // Commits what a RUN left in overlay's upper directory (staging.tree()): whiteouts, opaque directories,
  // hardlinks, owners per form; `lower` supplies what the form cannot hold. Returns null when nothing
  // changed.
  LayerPtr commit_upper(Staging staging, const LayerStack& lower, const StepSurroundings& step = {});

  // The lower directories of an overlay mount of `stack`, topmost first, as sandbox::OverlayRoot wants them,
  // made here for layers that have none yet;
  // `upper` (may be empty) gets the attributes of the stack's root. Layers are unpacked without knowing what
  // they lie on, so a directory that one only implies would show with default attributes; such directories
  // come first, in a small layer of their own.
  std::vector<std::string> prepare_overlay(const LayerStack& stack, const std::string& upper);

  // Fills `directory`, empty and on the store's file system, with what the stack has at `source` (farm.h).
  void prepare_farm(const LayerStack& stack, const std::string& source, const std::string& directory,
                    FarmFiles files, InodeNotes& notes);
  // commit_upper() for a step that ran in a farm of `lower`, which becomes one of `lower` and the layer.
  LayerPtr commit_farm(Staging staging, const std::string& farm, const std::vector<FarmChange>& changes,
                       InodeNotes& notes, const LayerStack& lower, const StepSurroundings& step = {});

  // The layer as an image names it: tar → diffID → compress → digest → blob in one pass, done once per layer
  // and options and remembered on disk. Layers from an image keep their own blob, which fetch_blob() fetches,
  // and their times; so do those from a cache whose blob has the form that is asked for. `tee` (may be null)
  // gets the compressed bytes while they are made, and is finished; it is not called when the blob exists
  // already.
  SealedLayer seal(Layer& layer, const SealOptions& options, base::ByteSink* tee,
                   const std::stop_token& stop);
  // Fetches the blob of a declared layer into the store without unpacking it.
  void fetch_blob(Layer& layer, const std::stop_token& stop);
  // Makes sure that the blob of a layer as seal() gave it is in the store.
  void require_blob(Layer& layer, const SealedLayer& sealed, const std::stop_token& stop);

 private:
  // Layers of this process by id, so that one layer is one object and is fetched once.
  using Known = base::Guarded<std::unordered_map<std::string, std::weak_ptr<Layer>>>;

  LayerPtr remember(const std::string& id, const std::function<void(Layer&)>& set_up);
  LayerPtr commit_step(Staging staging, const LayerStack& lower, const StepSurroundings& step,
                       const std::function<LayerIndex(const WasFresh&)>& read);
  LayerPtr publish(const Staging& staging, LayerIndex index);
  void publish_layer(Layer& layer, const std::string& tree, LayerIndex index);
  void publish_pack(Layer& layer, const std::string& pack, LayerIndex index);
  void publish_index(Layer& layer, const LayerIndex& index);
  bool load(Layer& layer);
  // Makes a packed layer's tree, once.
  void make_tree(Layer& layer);
  void unpack(Layer& layer, const std::stop_token& stop);
  void unpack_stored_blob(Layer& layer, const std::stop_token& stop);
  void unpack_fetched_blob(Layer& layer, const std::stop_token& stop);
  static void from_remote(Layer& layer, const std::stop_token& stop,
                          const std::function<void(base::ByteSource&)>& use);
  static void use_remote(Layer& layer, const std::function<void()>& use);
  void prove_blob(Layer& layer, bool is_here, const std::stop_token& stop);
  // Whether the store remembers that sealing the layer gave its origin's blob.
  bool was_sealed_as(const Layer& layer) const;
  void remember_sealed(const Layer& layer) const;
  std::string sealed_path(const Layer& layer, const archive::CompressionOptions& options) const;
  void unpack_from(Layer& layer, base::ByteSource& blob, store::BlobWriter* copy,
                   const std::stop_token& stop);
  std::string index_path(const Layer& layer) const;
  std::string tree_place(const std::string& id) const;
  std::string pack_place(const std::string& id) const;
  std::string fix_directories(const LayerStack& stack);

  std::shared_ptr<store::Store> store_;
  Form form_;
  base::ThreadPool& pool_;
  std::int64_t opened_;  // seconds since the epoch; what this build makes is not older
  std::shared_ptr<Known> known_;
};

}  // namespace cooper::snapshot
