// Seals layers in the background while the build goes on, and hands each one on (to an upload) while and as
// soon as it is sealed.
#pragma once

#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "snapshot/layer_store.h"

namespace cooper::image {

// One layer on its way to an output. write() gets the compressed bytes while they are made, which only
// happens when the layer is sealed for the first time; complete() comes last, always. May throw.
class LayerReceiver : public base::ByteSink {
 public:
  void write(base::ByteSpan) override {}
  virtual void complete(const snapshot::SealedLayer& sealed) = 0;
};

class Sealer {
 public:
  // Called on a worker once per layer; the receivers are used and destroyed there. What any of this throws,
  // wait() rethrows.
  using Receivers = std::vector<std::unique_ptr<LayerReceiver>>;
  using OpenReceivers = std::function<Receivers(const snapshot::LayerPtr&, const std::stop_token&)>;

  // Uses its own `workers` (a sealing task waits for compression on the layer store's pool, which must be
  // another one). `open_receivers` may be empty.
  Sealer(snapshot::LayerStore& layers, snapshot::SealOptions options, OpenReceivers open_receivers,
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
  snapshot::SealedLayer deliver(const snapshot::LayerPtr& layer);

  snapshot::LayerStore& layers_;
  snapshot::SealOptions options_;
  OpenReceivers open_receivers_;
  std::stop_source stop_;
  std::mutex mutex_;
  std::map<std::string, std::shared_future<snapshot::SealedLayer>> by_layer_;
  base::ThreadPool pool_;
};

}  // namespace cooper::image
