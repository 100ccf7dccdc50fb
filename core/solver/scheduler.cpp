#include "solver/scheduler.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <fmt/format.h>
#include <functional>
#include <optional>
#include <queue>
#include <random>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/trace.h"
#include "solver/completions.h"
#include "solver/state.h"
#include "solver/workers.h"

namespace cooper::solver {
namespace {

using std::chrono::milliseconds;

// Each kind of load has slots of its own. Keys, loads and look-ups do not share them with the work proper:
// they are short, and all else waits for them.
enum Lane : std::size_t { kExecLane, kNetworkLane, kCpuLane, kKeyLane, kLookupLane, kLanes };

struct Task {
  milliseconds priority;
  int vertex;
  Action action;

  // Longest remaining path first, then in the order of the Dockerfile.
  bool operator<(const Task& other) const {
    return priority != other.priority ? priority < other.priority : vertex > other.vertex;
  }
};

struct LaneState {
  std::size_t limit = 1;
  std::size_t busy = 0;
  std::priority_queue<Task> ready;
};

std::array<LaneState, kLanes> make_lanes(const Limits& limits) {
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  const auto choose = [](int asked, std::size_t otherwise) {
    return asked > 0 ? static_cast<std::size_t>(asked) : otherwise;
  };
  std::array<LaneState, kLanes> lanes;
  lanes[kExecLane].limit = choose(limits.exec, std::max<std::size_t>(4, 2 * cores));
  lanes[kNetworkLane].limit = lanes[kLookupLane].limit = choose(limits.network, 16);
  lanes[kCpuLane].limit = lanes[kKeyLane].limit = choose(limits.cpu, cores);
  return lanes;
}

std::size_t total_slots(const std::array<LaneState, kLanes>& lanes) {
  std::size_t total = 0;
  for (const LaneState& lane : lanes) total += lane.limit;
  return total;
}

base::Digest random_salt() {
  std::random_device device;
  base::Digest::Bytes bytes;
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(device());
  return base::Digest(bytes);
}

std::vector<bool> ask_cacheable(const graph::Definition& definition, const OpRunner& runner) {
  std::vector<bool> cacheable;
  for (std::size_t v = 0; v < definition.vertices.size(); ++v) {
    cacheable.push_back(runner.cacheable(static_cast<int>(v)));
  }
  return cacheable;
}

const char* name_of(const Action& action) {
  struct Visitor {
    const char* operator()(const CancelAll&) const { return "cancel"; }
    const char* operator()(const ComputeKey&) const { return "key"; }
    const char* operator()(const Lookup&) const { return "look up"; }
    const char* operator()(const ComputeContentKey&) const { return "content key"; }
    const char* operator()(const Load&) const { return "load"; }
    const char* operator()(const Run&) const { return "run"; }
  };
  return std::visit(Visitor{}, action);
}

int vertex_of(const Action& action) {
  struct Visitor {
    int operator()(const CancelAll&) const { return -1; }
    int operator()(const ComputeKey& kind) const { return kind.vertex; }
    int operator()(const Lookup& kind) const { return kind.vertex; }
    int operator()(const ComputeContentKey& kind) const { return kind.vertex; }
    int operator()(const Load& kind) const { return kind.vertex; }
    int operator()(const Run& kind) const { return kind.vertex; }
  };
  return std::visit(Visitor{}, action);
}

// Carries out one action on a worker's thread.
struct Performer {
  OpRunner& runner;
  CacheIndex& cache;
  const std::stop_token& stop;

  std::optional<SolveEvent> operator()(const ComputeKey& key) const {
    return KeyReady{key.vertex, runner.definition_key(key.vertex, key.inputs, stop)};
  }
  std::optional<SolveEvent> operator()(const Lookup& lookup) const {
    return LookupDone{lookup.vertex, cache.find(lookup.vertex, *lookup.key, stop)};
  }
  std::optional<SolveEvent> operator()(const ComputeContentKey& key) const {
    return ContentKeyReady{key.vertex, runner.content_key(key.vertex, key.stable_inputs, key.inputs, stop)};
  }
  std::optional<SolveEvent> operator()(const Load& load) const {
    return ResultReady{load.vertex, runner.load(load.vertex, load.hit, load.base, stop)};
  }
  std::optional<SolveEvent> operator()(const Run& run) const {
    std::optional<Key> content_key;
    if (run.content_key) content_key = *run.content_key;
    return ResultReady{run.vertex, runner.run(run.vertex, run.inputs, *run.key, content_key, stop)};
  }
  std::optional<SolveEvent> operator()(const CancelAll&) const { return std::nullopt; }
};

// Any exception as an Error that names the vertex.
base::Error describe(const std::exception_ptr& failure, const graph::VertexInfo& info) {
  std::optional<base::Error> error;
  try {
    std::rethrow_exception(failure);
  } catch (const base::Error& thrown) {
    error = thrown;
  } catch (const std::exception& thrown) {
    error = base::Error(base::ErrorKind::kInternal, thrown.what());
    error->context(info.name);
  } catch (...) {
    error = base::Error(base::ErrorKind::kInternal, "unknown exception");
    error->context(info.name);
  }
  const bool known_place = !info.range.file.empty() || info.range.start_line > 0;
  if (!error->range() && known_place) error->at(info.range);
  return *error;
}

class Scheduler {
 public:
  Scheduler(const graph::Definition& definition, const std::vector<int>& roots, OpRunner& runner,
            CacheIndex& cache, SolveObserver& observer, base::EventSink& events, const Limits& limits)
      : definition_(definition),
        runner_(runner),
        cache_(cache),
        observer_(observer),
        events_(events),
        state_(definition, roots, ask_cacheable(definition, runner), random_salt()),
        lanes_(make_lanes(limits)),
        workers_(total_slots(lanes_)) {}

  // Workers refer to the members above them, so none may be left when those go; this also holds when the
  // observer throws.
  ~Scheduler() { stop_.request_stop(); }

  std::vector<ResultPtr> solve(const std::stop_token& outside) {
    announce();
    const std::stop_callback forward(outside, [this] {
      stop_.request_stop();
      completions_.interrupt();
    });
    enqueue(state_.start());
    while (!state_.finished() && !outside.stop_requested()) {
      dispatch();
      for (Completion& completion : completions_.wait()) handle(completion);
    }
    stop_.request_stop();
    drain();
    if (failure_) throw base::Error(*failure_);
    if (!state_.finished()) throw base::Error(base::ErrorKind::kCancelled, "build cancelled");
    return state_.results();
  }

 private:
  const graph::VertexInfo& info(int vertex) const {
    return definition_.vertices[static_cast<std::size_t>(vertex)].info;
  }

  void emit(base::Event::Kind kind, int vertex, std::string text = {}) {
    base::Event event;
    event.kind = kind;
    event.vertex = vertex;
    event.name = info(vertex).name;
    event.text = std::move(text);
    event.range = info(vertex).range;
    events_.emit(std::move(event));
  }

  void announce() {
    for (int v = 0; v < static_cast<int>(definition_.vertices.size()); ++v) {
      if (state_.at(v).planned) emit(base::Event::Kind::kPlanned, v);
    }
  }

  // The longest expected path from each vertex to a root, itself included. Only done once there is a choice
  // to make, as it asks for the recorded duration of every step: a cached build never gets here.
  void rank() {
    priority_.resize(definition_.vertices.size());
    for (int v = static_cast<int>(priority_.size()) - 1; v >= 0; --v) {
      if (!state_.at(v).planned) continue;
      milliseconds& own = priority_[static_cast<std::size_t>(v)];
      own += runner_.expected_duration(v);
      for (int input : definition_.vertices[static_cast<std::size_t>(v)].inputs) {
        if (input == graph::kScratch) continue;
        milliseconds& below = priority_[static_cast<std::size_t>(input)];
        below = std::max(below, own);
      }
    }
    for (LaneState& lane : lanes_) {
      for (std::priority_queue<Task> unranked = std::exchange(lane.ready, {}); !unranked.empty();
           unranked.pop()) {
        Task task = unranked.top();
        task.priority = priority_of(task.vertex);
        lane.ready.push(std::move(task));
      }
    }
  }

  milliseconds priority_of(int vertex) const {
    return priority_.empty() ? milliseconds(0) : priority_[static_cast<std::size_t>(vertex)];
  }

  Lane lane_of(const Action& action) const {
    if (std::holds_alternative<Lookup>(action)) return kLookupLane;
    const ResourceClass load = runner_.resource_class(vertex_of(action));
    if (load == ResourceClass::kNetwork) return kNetworkLane;
    if (!std::holds_alternative<Run>(action)) return kKeyLane;
    return load == ResourceClass::kExec ? kExecLane : kCpuLane;
  }

  void enqueue(std::vector<Action> actions) {
    for (Action& action : actions) {
      if (std::holds_alternative<CancelAll>(action)) {
        stop_.request_stop();
        continue;
      }
      const int vertex = vertex_of(action);
      const Lane lane = lane_of(action);
      lanes_[lane].ready.push(Task{priority_of(vertex), vertex, std::move(action)});
    }
  }

  // Starts what the limits allow.
  void dispatch() {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      LaneState& slots = lanes_[lane];
      const bool work_proper = lane != kKeyLane && lane != kLookupLane;
      if (work_proper && priority_.empty() && slots.ready.size() > slots.limit - slots.busy) rank();
      while (slots.busy < slots.limit && !slots.ready.empty()) {
        const Task task = slots.ready.top();
        slots.ready.pop();
        const Phase phase = state_.at(task.vertex).phase;
        if (phase == Phase::kRunning) emit(base::Event::Kind::kStarted, task.vertex);
        workers_.post([this, action = task.action, phase, lane, vertex = task.vertex] {
          perform(action, Completion{vertex, phase, lane, std::nullopt, nullptr});
        });
        ++slots.busy;
      }
    }
  }

  // On a worker's thread; touches nothing that the scheduler changes.
  void perform(const Action& action, Completion completion) {
    const std::stop_token stop = stop_.get_token();
    const base::Span span("step", name_of(action), info(completion.vertex).name);
    try {
      completion.event = std::visit(Performer{runner_, cache_, stop}, action);
    } catch (...) {
      completion.failure = std::current_exception();
    }
    completions_.push(std::move(completion));
  }

  void handle(Completion& completion) {
    --lanes_[completion.lane].busy;
    if (stop_.stop_requested()) {
      finish_cancelled(completion);
    } else if (completion.failure) {
      handle_failure(completion);
    } else {
      const bool result = std::holds_alternative<ResultReady>(*completion.event);
      enqueue(state_.step(std::move(*completion.event)));
      if (result) announce_result(completion);
    }
  }

  void announce_result(const Completion& completion) {
    const VertexState& vertex = state_.at(completion.vertex);
    if (vertex.from_cache) {
      emit(base::Event::Kind::kCached, completion.vertex, vertex.hit->origin);
    } else {
      emit(base::Event::Kind::kDone, completion.vertex);
    }
    observer_.on_result(completion.vertex, vertex.result, vertex.from_cache);
  }

  void handle_failure(const Completion& completion) {
    base::Error error = describe(completion.failure, info(completion.vertex));
    if (completion.phase == Phase::kLoading && error.kind() != base::ErrorKind::kCancelled) {
      emit(base::Event::Kind::kWarning, completion.vertex,
           fmt::format("cannot use the cached result, making it anew: {}", error.summary()));
      enqueue(state_.step(LoadFailed{completion.vertex}));
      return;
    }
    emit(base::Event::Kind::kFailed, completion.vertex, error.summary());
    failure_ = std::move(error);
    enqueue(state_.step(Failed{completion.vertex}));
  }

  // After a stop only the ends of started steps are of interest, for whoever shows progress.
  void finish_cancelled(const Completion& completion) {
    if (completion.phase != Phase::kRunning) return;
    emit(completion.failure ? base::Event::Kind::kCancelled : base::Event::Kind::kDone, completion.vertex);
  }

  void drain() {
    const auto running = [this] {
      return std::any_of(lanes_.begin(), lanes_.end(), [](const LaneState& lane) { return lane.busy > 0; });
    };
    while (running()) {
      for (Completion& completion : completions_.wait()) handle(completion);
    }
  }

  const graph::Definition& definition_;
  OpRunner& runner_;
  CacheIndex& cache_;
  SolveObserver& observer_;
  base::EventSink& events_;
  SolveState state_;
  std::vector<milliseconds> priority_;  // by vertex; empty until there is a choice to make
  std::array<LaneState, kLanes> lanes_;
  std::stop_source stop_;  // of all actions: after the first failure, at the end, or on request
  std::optional<base::Error> failure_;
  Completions completions_;
  Workers workers_;  // last, so that it is joined first
};

}  // namespace

std::vector<ResultPtr> solve(const graph::Definition& definition, const std::vector<int>& roots,
                             OpRunner& runner, CacheIndex& cache, SolveObserver& observer,
                             base::EventSink& events, const Limits& limits, const std::stop_token& stop) {
  return Scheduler(definition, roots, runner, cache, observer, events, limits).solve(stop);
}

}  // namespace cooper::solver
