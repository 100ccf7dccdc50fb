// Drives SolveState: one scheduler thread (the caller's) owns all of it, a pool of blocking workers carries
// out actions.
#pragma once

#include <stop_token>
#include <vector>

#include "base/events.h"
#include "graph/definition.h"
#include "solver/interfaces.h"

namespace cooper::solver {

struct Limits {
  int exec = 0;     // RUN steps at once; 0: max(4, 2 × cores)
  int network = 0;  // 0: 16
  int cpu = 0;      // key and file work; 0: cores
};

// Solves for `roots` (kScratch gives null) and returns their results in order. Emits kPlanned first, for
// every vertex that the roots reach, then kCached, or kStarted and kDone, kFailed or kCancelled, for those
// that turn out to be wanted; all from the calling thread. A cached result that cannot be loaded is a
// warning, and made anew. Ready work is started by longest remaining path. The first failure requests stop on
// everything that runs, waits for it to end, and is rethrown with the vertex' source range where it has none.
// A stop request from outside is Error{kCancelled}.
std::vector<ResultPtr> solve(const graph::Definition& definition, const std::vector<int>& roots,
                             OpRunner& runner, CacheIndex& cache, SolveObserver& observer,
                             base::EventSink& events, const Limits& limits, const std::stop_token& stop);

}  // namespace cooper::solver
