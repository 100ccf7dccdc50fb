// LayerStore: from a blob to a layer.
#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/trace.h"
#include "os/fd.h"
#include "snapshot/blob_source.h"
#include "snapshot/layer_store.h"
#include "snapshot/unpack_blob.h"

namespace cooper::snapshot {
namespace {

// What a step made gets back what sealing took: which times are fresh, and times of their own that were newer
// than the epoch. So what is made of the layer here is what would be made of it where it came from.
TimeRestorer time_restorer(const SealedLayer& sealed) {
  if (!sealed.sealing || !sealed.sealing->fresh_since) return {};
  return [&sealing = *sealed.sealing](Entry& entry) {
    const bool looks_fresh =
        sealing.epoch ? entry.mtime == *sealing.epoch : entry.mtime >= *sealing.fresh_since;
    if (!looks_fresh || entry.type == EntryType::kWhiteout) return;
    const auto own = std::lower_bound(sealing.own_times.begin(), sealing.own_times.end(),
                                      std::pair(entry.path, std::numeric_limits<std::int64_t>::min()));
    entry.fresh = own == sealing.own_times.end() || own->first != entry.path;
    if (!entry.fresh) entry.mtime = own->second;
  };
}

// Whether the error is about the blob, and not about this machine.
bool is_about_blob(const base::Error& error) {
  return error.kind() == base::ErrorKind::kCorrupt || error.kind() == base::ErrorKind::kRegistry ||
         error.kind() == base::ErrorKind::kAuth;
}

std::unique_ptr<base::ByteSource> open_remote(const Layer& layer, const std::stop_token& stop) {
  BlobOpener opener = layer.opener();
  if (!opener) {
    throw base::Error(base::ErrorKind::kIo,
                      fmt::format("blob '{}' is not in the store", layer.origin()->blob.digest.str()));
  }
  return opener(layer.origin()->blob, stop);
}

}  // namespace

void LayerStore::unpack(Layer& layer, const std::stop_token& stop) {
  const base::Digest& digest = layer.origin()->blob.digest;
  const base::Span span("layer", "unpack", layer.id());
  if (!store_->has_blob(digest)) return unpack_fetched_blob(layer, stop);
  try {
    unpack_stored_blob(layer, stop);
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kCorrupt) throw;
    layer.lost_ = !layer.opener();
    if (layer.lost()) throw;
    // The store's copy is damaged; the source may have a good one.
    ::unlink(store_->blob_path(digest).c_str());
    unpack_fetched_blob(layer, stop);
  }
}

void LayerStore::unpack_stored_blob(Layer& layer, const std::stop_token& stop) {
  os::Fd file = store_->open_blob(layer.origin()->blob.digest);
  os::FdSource blob(file.get(), store_->blob_path(layer.origin()->blob.digest));
  unpack_from(layer, blob, nullptr, stop);
}

void LayerStore::unpack_fetched_blob(Layer& layer, const std::stop_token& stop) {
  from_remote(layer, stop, [&](base::ByteSource& blob) {
    store::BlobWriter copy = store_->begin_blob(store::BlobProof::kCaller);
    unpack_from(layer, blob, &copy, stop);
  });
}

// Calls `use` with the layer's remote blob, and remembers when that was of no use.
void LayerStore::from_remote(Layer& layer, const std::stop_token& stop,
                             const std::function<void(base::ByteSource&)>& use) {
  std::unique_ptr<base::ByteSource> remote;
  try {
    remote = open_remote(layer, stop);
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kCancelled) layer.lost_ = true;
    throw;
  }
  use_remote(layer, [&] { use(*remote); });
}

void LayerStore::use_remote(Layer& layer, const std::function<void()>& use) {
  try {
    use();
  } catch (const base::Error& error) {
    if (is_about_blob(error)) layer.lost_ = true;
    throw;
  }
}

void LayerStore::unpack_from(Layer& layer, base::ByteSource& blob, store::BlobWriter* copy,
                             const std::stop_token& stop) {
  os::TempDir work = store_->make_temp("unpack-");
  std::string tree = work.path() + "/tree";
  base::check(::mkdir(tree.c_str(), 0755), "create directory", tree);
  base::check(::chmod(tree.c_str(), 0755), "set the mode of", tree);
  LayerIndex index =
      unpack_blob(blob, *layer.origin(), copy, {tree, form_, time_restorer(*layer.origin())}, stop);
  if (copy != nullptr) copy->commit(layer.origin()->blob.digest);
  publish_layer(layer, tree, std::move(index));
}

void LayerStore::fetch_blob(Layer& layer, const std::stop_token& stop) {
  if (!layer.origin()) {
    throw base::Error(base::ErrorKind::kInternal, fmt::format("layer '{}' was made here", layer.id()));
  }
  std::scoped_lock lock(layer.making_);
  const oci::Descriptor& descriptor = layer.origin()->blob;
  const bool is_here = store_->has_blob(descriptor.digest, descriptor.size);
  if (layer.origin()->sealing) return prove_blob(layer, is_here, stop);
  if (is_here) return;
  const base::Span span("layer", "fetch", layer.id());
  from_remote(layer, stop, [&](base::ByteSource& remote) {
    store::BlobWriter copy = store_->begin_blob(store::BlobProof::kCaller);
    VerifiedSource verified(remote, descriptor, nullptr, stop);
    base::copy_all(verified, copy);
    copy.commit(descriptor.digest);
  });
}

// An image's manifest and config were made together; what a cache says of a layer is only proved by its
// bytes. Once proved, it is remembered as if the layer had been sealed here.
void LayerStore::prove_blob(Layer& layer, bool is_here, const std::stop_token& stop) {
  if (is_here && was_sealed_as(layer)) return;
  const base::Span span("layer", "prove", layer.id());
  const oci::Descriptor& descriptor = layer.origin()->blob;
  base::HashingSink nowhere;
  if (is_here) {
    os::Fd file = store_->open_blob(descriptor.digest);
    os::FdSource stored(file.get(), descriptor.digest.str());
    use_remote(layer, [&] { decompress_verified(stored, *layer.origin(), nullptr, nowhere, stop); });
  } else {
    from_remote(layer, stop, [&](base::ByteSource& remote) {
      store::BlobWriter copy = store_->begin_blob(store::BlobProof::kCaller);
      decompress_verified(remote, *layer.origin(), &copy, nowhere, stop);
      copy.commit(descriptor.digest);
    });
  }
  remember_sealed(layer);
}

}  // namespace cooper::snapshot
