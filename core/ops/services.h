// What the ops of one build work with. Everything is borrowed from build/ and outlives the solve.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/events.h"
#include "base/thread_pool.h"
#include "cache/records.h"
#include "graph/definition.h"
#include "sandbox/launcher.h"
#include "snapshot/layer_store.h"
#include "snapshot/tree_view.h"

namespace cooper::ops {

class Farms;
class MountKeeper;
class RemoteSource;
class SelectionMemo;
class StepFlights;

struct Services {
  const graph::Definition* definition = nullptr;
  std::vector<bool> mounted;  // of `definition`: graph::mounted_vertices(); empty: all may be
  snapshot::LayerStore* layers = nullptr;
  cache::Records* records = nullptr;     // of the local store
  std::vector<cache::Records*> imports;  // further caches, asked in this order
  // Hears of every step that is going to run. From any thread; may be empty.
  std::function<void(int vertex)> on_run;
  // Hears of every step's record and layer, made now or found; `origin` is the name of the cache where it was
  // found, "" when the step ran. From any thread; may be empty.
  std::function<void(int vertex, const cache::Record& record, const snapshot::LayerPtr& layer,
                     const std::string& origin)>
      on_record;
  base::ThreadPool* pool = nullptr;
  base::EventSink* events = nullptr;
  // Null where the build has no such sources.
  RemoteSource* http_sources = nullptr;
  RemoteSource* git_sources = nullptr;
  SelectionMemo* selections = nullptr;  // may be null: then nothing is remembered
  StepFlights* flights = nullptr;       // null: no other build of this process
  MountKeeper* mounts = nullptr;        // null: cache mounts do not outlive the store
  // Null where RUN is not possible; `no_launcher_reason` then says why, and what would allow it.
  sandbox::Launcher* launcher = nullptr;
  std::string no_launcher_reason;
  Farms* farms = nullptr;  // null where the launcher's tier can mount
  // LocalSource name → its tree.
  std::map<std::string, std::shared_ptr<const snapshot::TreeView>> contexts;
  // ImageSource manifest digest → its layers, declared.
  std::map<base::Digest, snapshot::LayerStack> images;
  // SOURCE_DATE_EPOCH, seconds. With it, what comes from contexts (whose own times are no input of any key)
  // counts as made now, and sealing sets everything that is newer than the epoch to it.
  std::optional<std::int64_t> epoch;
  std::int64_t now = 0;  // seconds since the epoch: the time of what this build creates
  // The value of a secret; nullopt when it was not given.
  std::function<std::optional<std::string>(const std::string& id)> secret;
  // The path of an ssh agent's socket; nullopt when it was not given.
  std::function<std::optional<std::string>(const std::string& id)> ssh_socket;
  bool explain = true;  // say why a step ran
};

}  // namespace cooper::ops
