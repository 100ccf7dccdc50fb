#include "snapshot/unpack_blob.h"

#include <fmt/format.h>
#include <vector>

#include "base/error.h"
#include "snapshot/blob_source.h"
#include "snapshot/read_ahead.h"

namespace cooper::snapshot {
namespace {

void read_to_end(base::ByteSource& source) {
  base::HashingSink nowhere;
  base::copy_all(source, nowhere);
}

// To the end, or until the source lies about its size as well.
void read_rest(base::ByteSource& source, std::uint64_t most) {
  std::vector<std::byte> buffer(64 << 10);
  for (std::uint64_t total = 0; total <= most;) {
    const std::size_t count = source.read(buffer);
    if (count == 0) return;
    total += count;
  }
}

}  // namespace

void decompress_verified(base::ByteSource& blob, const SealedLayer& sealed, base::ByteSink* copy,
                         base::ByteSink& out, const std::stop_token& stop) {
  ReadAhead verified([&](base::ByteSink& ahead) {
    VerifiedSource source(blob, sealed.blob, copy, stop);
    base::copy_all(source, ahead);
  });
  base::Digest found;
  try {
    LayerSource tar(verified);
    base::HashingSource hashing(tar);
    base::copy_all(hashing, out);
    read_to_end(verified);  // a decompressor may be content before the end
    found = hashing.digest();
  } catch (const base::Error& error) {
    // Bytes that are not the blob's explain whatever is wrong with their format, here or where they went.
    if (error.kind() == base::ErrorKind::kCorrupt || error.kind() == base::ErrorKind::kCancelled)
      verified.stop_and_rethrow();
    throw;
  }
  if (found != sealed.diff_id) {
    throw base::Error(base::ErrorKind::kCorrupt,
                      fmt::format("blob '{}' unpacks to '{}', not to diffID '{}'", sealed.blob.digest.str(),
                                  found.str(), sealed.diff_id.str()));
  }
}

LayerIndex unpack_blob(base::ByteSource& blob, const SealedLayer& sealed, base::ByteSink* copy,
                       const UnpackPlace& place, const std::stop_token& stop) {
  ReadAhead tar([&](base::ByteSink& out) { decompress_verified(blob, sealed, copy, out, stop); });
  try {
    LayerIndex index = apply_layer(tar, place.tree, place.form, place.restore, stop);
    read_to_end(tar);  // throws what the other side found wrong at the end
    return index;
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kCorrupt) throw;
    tar.stop();
    // Whoever hands the bytes out knows where they came from, and may say only at their end what is wrong.
    read_rest(blob, sealed.blob.size);
    tar.stop_and_rethrow();
    throw;
  }
}

}  // namespace cooper::snapshot
