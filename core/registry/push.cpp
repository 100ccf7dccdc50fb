#include "registry/push.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <set>

#include "base/cancellation.h"

namespace cooper::registry {

namespace {

std::vector<const PushBlob*> distinct(const std::vector<PushBlob>& blobs) {
  std::vector<const PushBlob*> once;
  std::set<base::Digest> seen;
  for (const PushBlob& blob : blobs) {
    if (seen.insert(blob.descriptor.digest).second) once.push_back(&blob);
  }
  // The longest first, so that it is not left alone at the end.
  std::stable_sort(once.begin(), once.end(), [](const PushBlob* a, const PushBlob* b) {
    return a->descriptor.size > b->descriptor.size;
  });
  return once;
}

void push_blobs(Client& client, const PushPlan& plan, const PushOptions& options, base::ThreadPool& pool,
                const std::stop_token& stop) {
  std::vector<const PushBlob*> blobs = distinct(plan.blobs);
  std::stop_source any_failed;
  std::stop_callback pass_on(stop, [&] { any_failed.request_stop(); });
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr first;
  auto work = [&](std::size_t) {
    for (std::size_t i; (i = next.fetch_add(1)) < blobs.size();) {
      try {
        BlobPush outcome = client.push_blob(plan.target, *blobs[i], any_failed.get_token());
        if (options.on_blob) options.on_blob(*blobs[i], outcome);
      } catch (...) {
        std::scoped_lock lock(mutex);
        if (!first) first = std::current_exception();  // those after it were only cancelled
        next = blobs.size();
        any_failed.request_stop();
      }
    }
  };
  base::parallel_for(pool, std::min(std::max<std::size_t>(options.parallel, 1), blobs.size()), 1, work);
  if (first) std::rethrow_exception(first);
}

}  // namespace

void push_image(Client& client, const PushPlan& plan, const PushOptions& options, base::ThreadPool& pool,
                const std::stop_token& stop) {
  push_blobs(client, plan, options, pool, stop);
  oci::Reference reference = plan.target;
  for (std::size_t i = 0; i < plan.manifests.size(); ++i) {
    const PushManifest& manifest = plan.manifests[i];
    reference.digest = base::sha256(manifest.raw);
    reference.tag.clear();
    // A tag pushes the manifest as well.
    bool last = i + 1 == plan.manifests.size();
    if (!last || plan.tags.empty()) client.push_manifest(reference, manifest.media_type, manifest.raw, stop);
  }
  if (plan.manifests.empty()) return;
  for (const std::string& tag : plan.tags) {
    reference.digest.reset();
    reference.tag = tag;
    client.push_manifest(reference, plan.manifests.back().media_type, plan.manifests.back().raw, stop);
  }
}

}  // namespace cooper::registry
