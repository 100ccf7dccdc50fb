// The solver's state machine: pure, no thread, no clock, no I/O. One enum per vertex, advanced by step().
//
//   keying → looking → (idle until somebody wants the result)
//     hit:  needs its first input, then loading → done
//     miss: wants all inputs, then content keying → looking again → hit as above, or running → done
//
// Every vertex that the roots reach is keyed and looked up as soon as its inputs' keys are known, whether or
// not it will be wanted: a miss never stops the look-ups below it, and all remote look-ups go out early. Work
// is only done for what is wanted; the first input of a wanted vertex is wanted too, as hit and miss both
// need it. What the roots do not reach is left alone altogether. The first failure cancels everything; a hit
// that cannot be loaded is no failure but a miss.
//
// Ignoring the cache for one vertex must not mix its new result with its descendants' old ones. So
// descendants are not looked up by definition key, and the vertex' stable key is salted: a RUN on top of it
// gets a content key that no cache knows, while a COPY --from it is keyed by the files and may still hit.
#pragma once

#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "base/digest.h"
#include "graph/definition.h"
#include "solver/interfaces.h"

namespace cooper::solver {

// Keys are shared, not copied, on their way through the solver: that of a large COPY names every file.
using KeyPtr = std::shared_ptr<const Key>;

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
struct LoadFailed {
  int vertex;
};  // the hit is unusable: make the result instead
struct Failed {
  int vertex;
};
using SolveEvent = std::variant<KeyReady, LookupDone, ContentKeyReady, ResultReady, LoadFailed, Failed>;

struct ComputeKey {
  int vertex;
  std::vector<base::Digest> inputs;
};
struct Lookup {
  int vertex;
  KeyPtr key;
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
  KeyPtr key;
  KeyPtr content_key;  // null: none
};
struct CancelAll {};
using Action = std::variant<ComputeKey, Lookup, ComputeContentKey, Load, Run, CancelAll>;

struct VertexState {
  Phase phase = Phase::kWaitingForKeys;
  bool planned = false;  // the roots reach it
  bool wanted = false;
  bool cacheable = true;
  bool ignore_cache = false;
  bool below_ignored = false;  // an ancestor ignores the cache: no look-up by definition key
  bool load_failed = false;    // no further look-ups
  KeyPtr key;
  KeyPtr content_key;
  std::optional<base::Digest> recorded_content_key;
  std::optional<CacheHit> hit;
  ResultPtr result;
  bool from_cache = false;
};

class SolveState {
 public:
  // `cacheable[v]` as OpRunner says. Roots are vertex indexes; kScratch is allowed and has a null result.
  // `salt` is different in every build. Throws Error{kInternal} for a root that does not exist.
  SolveState(const graph::Definition& definition, std::vector<int> roots, const std::vector<bool>& cacheable,
             const base::Digest& salt = {});

  // The actions to begin with.
  std::vector<Action> start();
  // Advances by one event; the actions are for the caller to carry out, each answered by exactly one event
  // (CancelAll by none). After a failure no more actions but CancelAll come. Throws Error{kInternal} for an
  // event that answers no action.
  std::vector<Action> step(SolveEvent event);

  bool finished() const { return open_roots_ == 0 || failed(); }  // all roots done, or failed
  bool failed() const { return failed_vertex_.has_value(); }
  const VertexState& at(int vertex) const { return states_[static_cast<std::size_t>(vertex)]; }
  // In order of the roots; valid once finished without failure.
  std::vector<ResultPtr> results() const;

 private:
  VertexState& state(int vertex) { return states_[static_cast<std::size_t>(vertex)]; }
  const std::vector<int>& inputs(int vertex) const;
  void plan();
  void mark_ignored();
  Phase expect(int vertex, Phase phase, Phase otherwise) const;
  void expect(int vertex, Phase phase) const { expect(vertex, phase, phase); }

  void on(KeyReady& event);
  void on(LookupDone& event);
  void on(ContentKeyReady& event);
  void on(ResultReady& event);
  void on(LoadFailed& event);
  void on(Failed& event);

  void begin_keying(int vertex);
  void want(int vertex);
  void settle();
  void advance(int vertex);
  bool inputs_done(int vertex) const;
  void begin(int vertex);
  void load(int vertex);
  void run(int vertex);
  base::Digest stable_key(int vertex) const;
  std::vector<ResultPtr> input_results(int vertex) const;

  const graph::Definition& definition_;
  std::vector<int> roots_;
  base::Digest salt_;
  bool salted_ = false;  // some vertices ignore the cache and some do not
  std::vector<VertexState> states_;
  std::vector<std::vector<int>> dependents_;  // of planned vertices only
  std::size_t open_roots_ = 0;
  std::optional<int> failed_vertex_;
  std::vector<int> agenda_;      // vertices that may be able to advance
  std::vector<Action> actions_;  // to be returned
};

}  // namespace cooper::solver
