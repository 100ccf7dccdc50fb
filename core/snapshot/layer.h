// Layers: immutable, shared, and as lazy as possible.
//
// A layer is known by an id. Layers of images have the id of their diffID ("sha256-<hex>"), declared from a
// manifest without fetching anything; those that a step made elsewhere and a cache knows ("made-<hex>") also
// keep the times that the step gave them; layers made here have a random id until and after they are sealed.
// index() and the bytes of files need the layer to be materialised first (LayerStore::materialize), which
// fetches and unpacks the blob. The bytes lie in a tree that can be mounted, or in a pack (file_pack.h).
#pragma once

#include <atomic>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "archive/compression.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/guarded.h"
#include "oci/descriptor.h"
#include "os/beneath.h"
#include "snapshot/file_contents.h"
#include "snapshot/file_pack.h"
#include "snapshot/layer_index.h"

namespace cooper::snapshot {

// Opens the compressed bytes of a blob that the store does not have: a registry, a cache backend. Called at
// most once at a time per layer, from any thread.
using BlobOpener =
    std::function<std::unique_ptr<base::ByteSource>(const oci::Descriptor&, const std::stop_token&)>;

// The newest time of a layer with fresh entries.
inline constexpr std::int64_t kAlwaysNewer = std::numeric_limits<std::int64_t>::max();

// How a step's layer became a blob: what is needed to make it again in another form from that blob.
struct Sealing {
  archive::CompressionOptions compression;
  std::int64_t newest = 0;            // the newest time in the layer, seconds since the epoch; kAlwaysNewer
  std::optional<std::int64_t> epoch;  // what newer and all fresh times became; only where it changed one
  // Fresh entries have in the tar: with an epoch this time, without one this or a later time.
  std::optional<std::int64_t> fresh_since;
  // What the line above takes for fresh and is not: path and own time, sorted.
  std::vector<std::pair<std::string, std::int64_t>> own_times;

  bool operator==(const Sealing&) const = default;
};

// A layer as an image names it.
struct SealedLayer {
  base::Digest diff_id;            // of the uncompressed tar
  oci::Descriptor blob;            // of the compressed tar
  std::optional<Sealing> sealing;  // of a step's layer; those of images stay as they are
};

class Layer {
 public:
  explicit Layer(std::string id) : id_(std::move(id)) {}

  const std::string& id() const { return id_; }
  // Present for layers that came from an image or a cache.
  const std::optional<SealedLayer>& origin() const { return origin_; }
  BlobOpener opener() const {
    return opener_.with([](const BlobOpener& opener) { return opener; });
  }
  // These throw Error{kInternal} before the layer is materialised.
  const LayerIndex& index() const;
  // The directory with the bytes, in this process's form. Throws Error{kInternal} before there is one
  // (LayerStore::prepare_overlay).
  const std::string& tree() const;
  bool has_tree() const { return has_tree_.load(std::memory_order_acquire); }
  bool materialized() const { return ready_.load(std::memory_order_acquire); }
  // Whether its blob could not be had, or was not what its digests say.
  bool lost() const { return lost_.load(std::memory_order_relaxed); }

  // Opens the bytes of a kFile or kHardlink of index(). Throws Error{kIo}.
  os::Fd open_file(const std::string& path) const;
  // The bytes of all files, for one reader.
  std::unique_ptr<FileContents> contents() const;
  // SHA-256 of a kFile's or kHardlink's bytes: from the index, else read once. Throws Error{kCorrupt} when
  // the file has not the size that the index says.
  base::Digest content_digest(const Entry& entry) const;

 private:
  friend class LayerStore;
  void require_ready() const;
  const Entry& file_at(const std::string& path) const;
  base::Digest hash_file(const Entry& file) const;
  // Makes index() and the bytes available, once; later, of a packed layer, tree().
  void set_ready(std::shared_ptr<const LayerIndex> index, std::string tree);
  void set_ready(std::shared_ptr<const LayerIndex> index, std::shared_ptr<const FilePack> pack);
  void set_tree(std::string tree);

  std::string id_;
  std::optional<SealedLayer> origin_;
  base::Guarded<BlobOpener> opener_;
  std::mutex making_;   // single-flights materialize() and fetch_blob()
  std::mutex sealing_;  // single-flights seal()
  std::atomic<bool> ready_ = false;
  std::atomic<bool> has_tree_ = false;
  std::atomic<bool> lost_ = false;
  // Written once, before ready_ becomes true, and never again.
  std::shared_ptr<const LayerIndex> index_;
  std::shared_ptr<const FilePack> pack_;  // null: the bytes are in the tree alone
  // The same with has_tree_.
  std::string tree_;
  std::optional<os::Root> root_;
  mutable base::Guarded<std::unordered_map<std::string, base::Digest>> digests_;
};

using LayerPtr = std::shared_ptr<Layer>;
// Base first.
using LayerStack = std::vector<LayerPtr>;

}  // namespace cooper::snapshot
