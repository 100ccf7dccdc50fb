#include "snapshot/pack_blob.h"

#include <memory>

#include "oci/media_type.h"
#include "snapshot/pack.h"

namespace cooper::snapshot {
namespace {

// The blob, and whoever wants its bytes at once.
class TeeSink final : public base::ByteSink {
 public:
  TeeSink(store::BlobWriter& blob, base::ByteSink* tee) : blob_(blob), tee_(tee) {}
  void write(base::ByteSpan data) override {
    blob_.write(data);
    if (tee_ != nullptr) tee_->write(data);
  }
  void finish() override {
    if (tee_ != nullptr) tee_->finish();
  }

 private:
  store::BlobWriter& blob_;
  base::ByteSink* tee_;
};

}  // namespace

SealedLayer pack_blob(const store::Store& store, const PackedLayer& what, base::ThreadPool& pool,
                      base::ByteSink* tee, const std::stop_token& stop) {
  const archive::Compression compression = what.compression.type;
  store::BlobWriter blob = store.begin_blob();
  TeeSink compressed(blob, tee);
  std::unique_ptr<base::ByteSink> compressor;
  if (compression != archive::Compression::kNone)
    compressor = archive::make_compressor(what.compression, compressed, &pool);
  base::HashingSink tar(compressor != nullptr ? compressor.get() : &compressed);
  pack_layer(what.index, what.files, what.epoch, tar, stop);
  tar.finish();

  SealedLayer sealed;
  sealed.diff_id = tar.digest();
  sealed.blob.media_type = std::string(oci::layer_media_type(compression));
  sealed.blob.size = blob.size();
  sealed.blob.digest = blob.commit();
  return sealed;
}

}  // namespace cooper::snapshot
