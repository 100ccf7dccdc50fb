#include "transfer/copy.h"

#include "transfer/image_tree.h"
#include "transfer/put_tree.h"

namespace cooper::transfer {

CopyResult copy_image(ImagePlace& from, ImagePlace& to, const CopyOptions& options,
                      const std::stop_token& stop) {
  const ImageTree tree = read_tree(from, find_root(from, stop), options.platforms, stop);
  CopyResult result;
  result.image = {tree.root.media_type, tree.root.digest, tree.root.raw.size(), {}, {}, {}, {}};
  result.blobs = tree.blobs.size();
  if (!to.has(tree.root.digest, stop)) {
    PutCounts counts = put_below(tree, from, to, options, stop);
    result.sent = counts.sent;
    result.sent_bytes = counts.sent_bytes;
  }
  to.put(tree.root, ImagePlace::Naming::kByName, stop);
  return result;
}

}  // namespace cooper::transfer
