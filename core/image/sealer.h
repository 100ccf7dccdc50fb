// Seals layers in the background while the build goes on, and hands each one on (to an upload) as soon as it
// is sealed.
#pragma once

#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>

#include "base/thread_pool.h"
#include "snapshot/layer_store.h"

namespace cooper::image {

class Sealer {
 public:
  // Called on a worker of `workers` once per layer, after it was sealed. May throw: wait() rethrows.
  using OnSealed =
      std::function<void(const snapshot::LayerPtr&, const snapshot::SealedLayer&, const std::stop_token&)>;

  // Uses its own `workers` (a sealing task waits for compression on the layer store's pool, which must be
  // another one).
  Sealer(snapshot::LayerStore& layers, snapshot::SealOptions options, OnSealed on_sealed,
         std::size_t workers);
  // Requests stop and waits for what is under way.
  ~Sealer();

  // Queues the layer unless it was queued before.
  void start(const snapshot::LayerPtr& layer);
  // Waits until the layer is sealed and handed on; queues it if needed. Throws what sealing or handing on
  // threw. The second argument interrupts the wait.
  snapshot::SealedLayer wait(const snapshot::LayerPtr& layer, const std::stop_token& stop);

 private:
  std::shared_future<snapshot::SealedLayer> enqueue(const snapshot::LayerPtr& layer);

  snapshot::LayerStore& layers_;
  snapshot::SealOptions options_;
  OnSealed on_sealed_;
  std::stop_source stop_;
  std::mutex mutex_;
  std::map<std::string, std::shared_future<snapshot::SealedLayer>> by_layer_;
  base::ThreadPool pool_;
};

}  // namespace cooper::image
