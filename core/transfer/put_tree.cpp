#include "transfer/put_tree.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>

#include "base/thread_pool.h"

namespace cooper::transfer {

namespace {

// The largest first, so that it is not left alone at the end.
std::vector<oci::Descriptor> in_order(std::vector<oci::Descriptor> blobs) {
  std::stable_sort(blobs.begin(), blobs.end(),
                   [](const oci::Descriptor& a, const oci::Descriptor& b) { return a.size > b.size; });
  return blobs;
}

class BlobCopier {
 public:
  BlobCopier(std::vector<oci::Descriptor> blobs, ImagePlace& from, ImagePlace& to, const CopyOptions& options,
             const std::stop_token& stop)
      : blobs_(in_order(std::move(blobs))), from_(from), to_(to), options_(options), pass_on_(stop, [this] {
          failed_.request_stop();
        }) {}

  PutCounts run() {
    const std::size_t workers = std::min(std::max<std::size_t>(options_.parallel, 1), blobs_.size());
    if (workers == 0) return {};
    base::ThreadPool pool(workers);
    base::parallel_for(pool, workers, 1, [this](std::size_t) { work(); });
    if (first_failure_) std::rethrow_exception(first_failure_);
    return counts_;
  }

 private:
  void work() {
    for (std::size_t i; (i = next_.fetch_add(1)) < blobs_.size();) {
      try {
        registry::BlobPush how = to_.put_blob(blobs_[i], from_, failed_.get_token());
        count(blobs_[i], how);
        if (options_.on_blob) options_.on_blob(blobs_[i], how);
      } catch (...) {
        std::scoped_lock lock(mutex_);
        if (!first_failure_) first_failure_ = std::current_exception();  // later ones were only cancelled
        next_ = blobs_.size();
        failed_.request_stop();
      }
    }
  }

  void count(const oci::Descriptor& blob, registry::BlobPush how) {
    if (how != registry::BlobPush::kUploaded) return;
    std::scoped_lock lock(mutex_);
    ++counts_.sent;
    counts_.sent_bytes += blob.size;
  }

  const std::vector<oci::Descriptor> blobs_;
  ImagePlace& from_;
  ImagePlace& to_;
  const CopyOptions& options_;
  std::stop_source failed_;
  std::stop_callback<std::function<void()>> pass_on_;
  std::atomic<std::size_t> next_{0};
  std::mutex mutex_;
  std::exception_ptr first_failure_;
  PutCounts counts_;
};

}  // namespace

PutCounts put_below(const ImageTree& tree, ImagePlace& from, ImagePlace& to, const CopyOptions& options,
                    const std::stop_token& stop) {
  PutCounts counts = BlobCopier(tree.blobs, from, to, options, stop).run();
  for (const registry::RawManifest& document : tree.documents) {
    to.put(document, ImagePlace::Naming::kByDigest, stop);
  }
  return counts;
}

}  // namespace cooper::transfer
