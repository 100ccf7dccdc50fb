// LayerStore: from a blob to a layer. One thread reads, verifies and decompresses, the caller's unpacks.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "base/error.h"
#include "os/fd.h"
#include "snapshot/apply.h"
#include "snapshot/blob_source.h"
#include "snapshot/byte_pipe.h"
#include "snapshot/layer_store.h"

namespace cooper::snapshot {
namespace {

void read_to_end(base::ByteSource& source) {
  base::HashingSink nowhere;
  base::copy_all(source, nowhere);
}

// The tar of `sealed` into `out`. Both digests are proved when this returns.
void decompress_verified(base::ByteSource& blob, const SealedLayer& sealed, base::ByteSink* copy,
                         base::ByteSink& out, const std::stop_token& stop) {
  VerifiedSource verified(blob, sealed.blob, copy, stop);
  LayerSource tar(verified);
  base::HashingSource hashing(tar);
  base::copy_all(hashing, out);
  read_to_end(verified);  // a decompressor may be content before the end
  base::Digest found = hashing.digest();
  if (found != sealed.diff_id) {
    throw base::Error(base::ErrorKind::kCorrupt,
                      fmt::format("blob '{}' unpacks to '{}', not to diffID '{}'", sealed.blob.digest.str(),
                                  found.str(), sealed.diff_id.str()));
  }
}

LayerIndex unpack_blob(base::ByteSource& blob, const SealedLayer& sealed, base::ByteSink* copy,
                       const std::string& tree, Form form, const std::stop_token& stop) {
  BytePipe pipe;
  std::jthread producer([&] {
    try {
      decompress_verified(blob, sealed, copy, pipe, stop);
      pipe.finish();
    } catch (...) {
      pipe.fail(std::current_exception());
    }
  });
  try {
    LayerIndex index = apply_layer(pipe, tree, form, stop);
    read_to_end(pipe);  // throws what the other side found wrong at the end
    return index;
  } catch (...) {
    pipe.abandon();
    throw;
  }
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
  if (!store_->has_blob(digest)) return unpack_fetched_blob(layer, stop);
  try {
    unpack_stored_blob(layer, stop);
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kCorrupt || !layer.opener()) throw;
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
  std::unique_ptr<base::ByteSource> blob = open_remote(layer, stop);
  store::BlobWriter copy = store_->begin_blob();
  unpack_from(layer, *blob, &copy, stop);
}

void LayerStore::unpack_from(Layer& layer, base::ByteSource& blob, store::BlobWriter* copy,
                             const std::stop_token& stop) {
  os::TempDir work = store_->make_temp("unpack-");
  std::string tree = work.path() + "/tree";
  base::check(::mkdir(tree.c_str(), 0755), "create directory", tree);
  base::check(::chmod(tree.c_str(), 0755), "set the mode of", tree);
  LayerIndex index = unpack_blob(blob, *layer.origin(), copy, tree, form_, stop);
  if (copy != nullptr) copy->commit(layer.origin()->blob.digest);
  publish_layer(layer, tree, std::move(index));
}

void LayerStore::fetch_blob(Layer& layer, const std::stop_token& stop) {
  if (!layer.origin()) {
    throw base::Error(base::ErrorKind::kInternal, fmt::format("layer '{}' comes from no image", layer.id()));
  }
  std::scoped_lock lock(layer.making_);
  const oci::Descriptor& descriptor = layer.origin()->blob;
  if (store_->has_blob(descriptor.digest, descriptor.size)) return;
  std::unique_ptr<base::ByteSource> remote = open_remote(layer, stop);
  store::BlobWriter copy = store_->begin_blob();
  VerifiedSource verified(*remote, descriptor, nullptr, stop);
  base::copy_all(verified, copy);
  copy.commit(descriptor.digest);
}

}  // namespace cooper::snapshot
