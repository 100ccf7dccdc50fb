// Writes the results of steps to caches beside the build, each as soon as it exists.
//
// What a place is known to have is not written again: it was found there. A place that fails is left alone
// after some tries; that costs the next build time and this one nothing, unless it was asked to be strict.
#pragma once

#include <atomic>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/thread_pool.h"
#include "build/cache_places.h"
#include "cache/record.h"
#include "snapshot/layer_store.h"

namespace cooper::build {

class CacheExports {
 public:
  struct Step {
    cache::Record record;
    snapshot::LayerPtr layer;
    std::string origin;         // the cache where it was found; "" when it ran
    bool of_the_image = false;  // its layer is one of the image
  };
  // Seals the step's layer, or waits until that is done. Throws base::Error.
  using SealLayer = std::function<snapshot::SealedLayer(const Step&, const std::stop_token&)>;

  // Inline places are none of its business.
  CacheExports(const std::vector<CacheExport>& places, SealLayer seal, cache::Warn warn);
  // Abandons what is under way.
  ~CacheExports();

  // From any thread, and quick.
  void offer(Step step);
  // Waits until all is written; one line for people about each place. Throws Error{kRegistry|kAuth|kIo} for a
  // place that must succeed, and Error{kCancelled}.
  std::vector<std::string> finish(const std::stop_token& stop);
  // The same for a build that failed: the failure is what is to be heard of.
  void finish_after_failure(const std::stop_token& stop);

 private:
  struct Place {
    const CacheExport* what = nullptr;
    std::atomic<int> written = 0;
    std::atomic<int> known = 0;
    std::atomic<int> lost = 0;
    base::Guarded<std::map<std::string, base::Digest>> steps;  // step → key, of what was written
    base::Guarded<std::optional<base::Error>> failure;         // the first
  };
  bool wants(Place& place, const Step& step) const;
  void write(Place& place, const Step& step);
  static void remember(Place& place, const base::Error& error);
  std::string close(Place& place);

  std::vector<std::unique_ptr<Place>> places_;
  SealLayer seal_;
  cache::Warn warn_;
  std::stop_source stop_;
  base::Guarded<std::vector<std::future<void>>> writes_;
  std::optional<base::ThreadPool> pool_;  // last, so that it is joined first
};

}  // namespace cooper::build
