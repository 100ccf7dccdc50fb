// The solver's state machine: pure, no thread, no clock, no I/O. One enum per vertex, advanced by step().
//
//   keying → looking → (idle until somebody wants the result)
//     hit:  wants its first input, then loading → done
//     miss: wants all inputs, then content keying → looking again → hit as above, or running → done
//
// Every vertex' key and look-up starts as soon as its inputs' keys are known, whether or not it will be
// wanted: a miss never stops the look-ups below it, and all remote look-ups go out early. Work is only done
// for what is wanted. The first failure cancels everything.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "base/digest.h"
#include "graph/definition.h"
#include "solver/interfaces.h"

namespace cooper::solver {

enum class Phase {
  kWaitingForKeys,
  kKeying,
  kLooking,
  kIdle,  // keyed and looked up; nobody wants it yet
  kWaitingForInputs,
  kContentKeying,
  kContentLooking,
  kLoading,
  kRunning,
  kDone,
  kFailed,
};

struct KeyReady {
  int vertex;
  Key key;
};
struct LookupDone {
  int vertex;
  std::optional<CacheHit> hit;
};
struct ContentKeyReady {
  int vertex;
  std::optional<Key> key;
};  // nullopt: none, run it
struct ResultReady {
  int vertex;
  ResultPtr result;
};
struct Failed {
  int vertex;
};
using SolveEvent = std::variant<KeyReady, LookupDone, ContentKeyReady, ResultReady, Failed>;

struct ComputeKey {
  int vertex;
  std::vector<base::Digest> inputs;
};
struct Lookup {
  int vertex;
  Key key;
};
struct ComputeContentKey {
  int vertex;
  std::vector<base::Digest> stable_inputs;
  std::vector<ResultPtr> inputs;
};
struct Load {
  int vertex;
  CacheHit hit;
  ResultPtr base;
};
struct Run {
  int vertex;
  std::vector<ResultPtr> inputs;
  Key key;
  std::optional<Key> content_key;
};
struct CancelAll {};
using Action = std::variant<ComputeKey, Lookup, ComputeContentKey, Load, Run, CancelAll>;

struct VertexState {
  Phase phase = Phase::kWaitingForKeys;
  bool wanted = false;
  bool cacheable = true;
  bool ignore_cache = false;
  Key key;
  std::optional<Key> content_key;
  std::optional<base::Digest> recorded_content_key;
  std::optional<CacheHit> hit;
  ResultPtr result;
  bool from_cache = false;
};

class SolveState {
 public:
  // `cacheable[v]` as OpRunner says. Roots are vertex indexes.
  SolveState(const graph::Definition& definition, std::vector<int> roots, const std::vector<bool>& cacheable);

  // The actions to begin with.
  std::vector<Action> start();
  // Advances by one event; the actions are for the caller to carry out, each answered by exactly one event
  // (CancelAll by none). After a failure no more actions but CancelAll come.
  std::vector<Action> step(SolveEvent event);

  bool finished() const;  // all roots done, or failed
  bool failed() const { return failed_vertex_.has_value(); }
  const VertexState& at(int vertex) const { return states_[static_cast<std::size_t>(vertex)]; }

 private:
  const graph::Definition& definition_;
  std::vector<int> roots_;
  std::vector<VertexState> states_;
  std::vector<std::vector<int>> dependents_;
  std::optional<int> failed_vertex_;
};

}  // namespace cooper::solver
