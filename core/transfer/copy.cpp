#include "transfer/copy.h"

#include "transfer/image_tree.h"
#include "transfer/put_tree.h"

namespace cooper::transfer {

namespace {

// A signature of a signature, and so on: there is an end to what people make, and to what a hostile registry
// is believed.
constexpr std::size_t kMostReferrers = 1000;

class Copy {
 public:
  Copy(ImagePlace& from, ImagePlace& to, const CopyOptions& options, const std::stop_token& stop)
      : from_(from), to_(to), options_(options), stop_(stop) {}

  CopyResult run() {
    const ImageTree tree = read_tree(from_, find_root(from_, stop_), options_.platforms, stop_);
    result_.image = {tree.root.media_type, tree.root.digest, tree.root.raw.size(), {}, {}, {}, {}};
    result_.blobs = tree.blobs.size();
    if (!to_.has(tree.root.digest, stop_)) put(tree);
    to_.put(tree.root, ImagePlace::Naming::kByName, stop_);
    if (options_.referrers) bring_referrers(tree.digests());
    return result_;
  }

 private:
  void put(const ImageTree& tree) {
    const PutCounts counts = put_below(tree, from_, to_, options_, stop_);
    result_.sent += counts.sent;
    result_.sent_bytes += counts.sent_bytes;
  }

  void bring_referrers(const std::set<base::Digest>& subjects) {
    for (const base::Digest& subject : subjects) {
      for (const oci::Descriptor& referrer : from_.list_referrers(subject, stop_)) {
        if (seen_.size() >= kMostReferrers || !seen_.insert(referrer.digest).second) continue;
        std::optional<registry::RawManifest> document = from_.find(referrer.digest, stop_);
        if (!document) continue;  // it was deleted, and is still listed
        document->media_type = media_type_of(*document);
        const ImageTree tree = read_tree(from_, std::move(*document), {}, stop_);
        put(tree);
        to_.put(tree.root, ImagePlace::Naming::kReferrer, stop_);
        ++result_.referrers;
        bring_referrers({referrer.digest});
      }
    }
  }

  ImagePlace& from_;
  ImagePlace& to_;
  const CopyOptions& options_;
  const std::stop_token stop_;
  CopyResult result_;
  std::set<base::Digest> seen_;
};

}  // namespace

CopyResult copy_image(ImagePlace& from, ImagePlace& to, const CopyOptions& options,
                      const std::stop_token& stop) {
  return Copy(from, to, options, stop).run();
}

}  // namespace cooper::transfer
