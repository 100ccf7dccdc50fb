#include "solver/state.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "base/encoder.h"
#include "base/error.h"

namespace cooper::solver {

SolveState::SolveState(const graph::Definition& definition, std::vector<int> roots,
                       const std::vector<bool>& cacheable, const base::Digest& salt)
    : definition_(definition),
      roots_(std::move(roots)),
      salt_(salt),
      states_(definition.vertices.size()),
      dependents_(definition.vertices.size()) {
  for (std::size_t v = 0; v < states_.size(); ++v) {
    states_[v].cacheable = cacheable.at(v);
    states_[v].ignore_cache = definition.vertices[v].info.ignore_cache;
  }
  plan();
  mark_ignored();
}

// Finds what the roots reach. Inputs have smaller indexes than the vertices that use them, so one walk down
// the list sees every vertex after all its users.
void SolveState::plan() {
  for (int root : roots_) {
    if (root == graph::kScratch) continue;
    if (root < 0 || static_cast<std::size_t>(root) >= states_.size()) {
      throw base::Error(base::ErrorKind::kInternal, fmt::format("no vertex {} to solve for", root));
    }
    if (!state(root).planned) ++open_roots_;
    state(root).planned = true;
  }
  for (int v = static_cast<int>(states_.size()) - 1; v >= 0; --v) {
    if (!state(v).planned) continue;
    for (int input : inputs(v)) {
      if (input == graph::kScratch) continue;
      state(input).planned = true;
      std::vector<int>& users = dependents_[static_cast<std::size_t>(input)];
      if (users.empty() || users.back() != v) users.push_back(v);
    }
  }
}

void SolveState::mark_ignored() {
  bool some_ignore = false;
  bool some_look_up = false;
  for (std::size_t i = 0; i < states_.size(); ++i) {
    VertexState& vertex = states_[i];
    if (!vertex.planned) continue;
    // Sources are named by their content, so they are as fresh as they can be whatever the flag says.
    vertex.ignore_cache = vertex.ignore_cache && vertex.cacheable;
    for (int input : inputs(static_cast<int>(i))) {
      if (input == graph::kScratch) continue;
      vertex.below_ignored = vertex.below_ignored || state(input).ignore_cache || state(input).below_ignored;
    }
    some_ignore = some_ignore || vertex.ignore_cache;
    some_look_up = some_look_up || (vertex.cacheable && !vertex.ignore_cache);
  }
  // When nothing is looked up there is nothing to keep apart, and the recorded keys stay reproducible.
  salted_ = some_ignore && some_look_up;
}

const std::vector<int>& SolveState::inputs(int vertex) const {
  return definition_.vertices[static_cast<std::size_t>(vertex)].inputs;
}

// The vertex' phase, which must be one of the two.
Phase SolveState::expect(int vertex, Phase phase, Phase otherwise) const {
  if (vertex >= 0 && static_cast<std::size_t>(vertex) < states_.size()) {
    const Phase current = at(vertex).phase;
    if (current == phase || current == otherwise) return current;
  }
  throw base::Error(base::ErrorKind::kInternal,
                    fmt::format("vertex {} got an event that it did not wait for", vertex));
}

std::vector<Action> SolveState::start() {
  for (std::size_t v = 0; v < states_.size(); ++v) {
    if (states_[v].planned) begin_keying(static_cast<int>(v));
  }
  for (int root : roots_) want(root);
  settle();
  return std::exchange(actions_, {});
}

std::vector<Action> SolveState::step(SolveEvent event) {
  if (failed()) return {};
  std::visit([this](auto& kind) { on(kind); }, event);
  settle();
  return std::exchange(actions_, {});
}

void SolveState::on(KeyReady& event) {
  expect(event.vertex, Phase::kKeying);
  VertexState& vertex = state(event.vertex);
  vertex.key = std::make_shared<const Key>(std::move(event.key));
  if (vertex.cacheable && !vertex.ignore_cache && !vertex.below_ignored) {
    vertex.phase = Phase::kLooking;
    actions_.emplace_back(Lookup{event.vertex, vertex.key});
  } else {
    vertex.phase = Phase::kIdle;
    agenda_.push_back(event.vertex);
  }
  for (int user : dependents_[static_cast<std::size_t>(event.vertex)]) begin_keying(user);
}

void SolveState::on(LookupDone& event) {
  const bool second = expect(event.vertex, Phase::kLooking, Phase::kContentLooking) == Phase::kContentLooking;
  VertexState& vertex = state(event.vertex);
  vertex.hit = std::move(event.hit);
  if (second) {
    vertex.hit ? load(event.vertex) : run(event.vertex);
    return;
  }
  if (vertex.hit) vertex.recorded_content_key = vertex.hit->content_key;
  vertex.phase = Phase::kIdle;
  agenda_.push_back(event.vertex);
}

void SolveState::on(ContentKeyReady& event) {
  expect(event.vertex, Phase::kContentKeying);
  VertexState& vertex = state(event.vertex);
  if (event.key && event.key->digest != vertex.key->digest) {
    vertex.content_key = std::make_shared<const Key>(*std::move(event.key));
  }
  if (vertex.content_key && vertex.cacheable && !vertex.ignore_cache && !vertex.load_failed) {
    vertex.phase = Phase::kContentLooking;
    actions_.emplace_back(Lookup{event.vertex, vertex.content_key});
  } else {
    run(event.vertex);
  }
}

void SolveState::on(ResultReady& event) {
  const bool loaded = expect(event.vertex, Phase::kRunning, Phase::kLoading) == Phase::kLoading;
  VertexState& vertex = state(event.vertex);
  vertex.from_cache = loaded;
  vertex.result = std::move(event.result);
  vertex.phase = Phase::kDone;
  for (int user : dependents_[static_cast<std::size_t>(event.vertex)]) agenda_.push_back(user);
  if (std::find(roots_.begin(), roots_.end(), event.vertex) != roots_.end()) --open_roots_;
}

void SolveState::on(LoadFailed& event) {
  expect(event.vertex, Phase::kLoading);
  VertexState& vertex = state(event.vertex);
  vertex.load_failed = true;
  vertex.hit.reset();
  vertex.recorded_content_key.reset();
  if (vertex.content_key) {  // the hit was the second one: all inputs are there
    run(event.vertex);
    return;
  }
  vertex.phase = Phase::kIdle;
  agenda_.push_back(event.vertex);
}

void SolveState::on(Failed& event) {
  failed_vertex_ = event.vertex;
  state(event.vertex).phase = Phase::kFailed;
  agenda_.clear();
  actions_.clear();
  actions_.emplace_back(CancelAll{});
}

void SolveState::begin_keying(int vertex) {
  if (at(vertex).phase != Phase::kWaitingForKeys) return;
  std::vector<base::Digest> keys;
  for (int input : inputs(vertex)) {
    if (input == graph::kScratch) {
      keys.emplace_back();
      continue;
    }
    const Phase phase = at(input).phase;
    if (phase == Phase::kWaitingForKeys || phase == Phase::kKeying) return;
    keys.push_back(at(input).key->digest);
  }
  state(vertex).phase = Phase::kKeying;
  actions_.emplace_back(ComputeKey{vertex, std::move(keys)});
}

void SolveState::want(int vertex) {
  if (vertex == graph::kScratch || at(vertex).wanted) return;
  state(vertex).wanted = true;
  agenda_.push_back(vertex);
}

// A loop rather than recursion: a hostile Dockerfile may hold a chain of any length.
void SolveState::settle() {
  while (!agenda_.empty()) {
    const int vertex = agenda_.back();
    agenda_.pop_back();
    advance(vertex);
  }
}

void SolveState::advance(int vertex) {
  VertexState& current = state(vertex);
  if (!current.wanted || current.phase == Phase::kDone) return;
  if (!inputs(vertex).empty()) want(inputs(vertex).front());
  if (current.phase == Phase::kIdle) {
    if (!current.hit) {
      for (int input : inputs(vertex)) want(input);
    }
    current.phase = Phase::kWaitingForInputs;
  }
  if (current.phase == Phase::kWaitingForInputs && inputs_done(vertex)) begin(vertex);
}

bool SolveState::inputs_done(int vertex) const {
  const std::vector<int>& operands = inputs(vertex);
  // A hit brings the vertex' own layer: only what lies below it is needed.
  const std::size_t needed = at(vertex).hit ? std::min<std::size_t>(1, operands.size()) : operands.size();
  return std::all_of(
      operands.begin(), operands.begin() + static_cast<std::ptrdiff_t>(needed),
      [this](int input) { return input == graph::kScratch || at(input).phase == Phase::kDone; });
}

void SolveState::begin(int vertex) {
  VertexState& current = state(vertex);
  if (current.hit) {
    load(vertex);
    return;
  }
  const std::vector<int>& operands = inputs(vertex);
  const bool has_inputs =
      std::any_of(operands.begin(), operands.end(), [](int input) { return input != graph::kScratch; });
  if (!has_inputs) {  // nothing that a content key could be made of
    run(vertex);
    return;
  }
  std::vector<base::Digest> stable;
  for (int input : operands) stable.push_back(stable_key(input));
  current.phase = Phase::kContentKeying;
  actions_.emplace_back(ComputeContentKey{vertex, std::move(stable), input_results(vertex)});
}

void SolveState::load(int vertex) {
  VertexState& current = state(vertex);
  current.phase = Phase::kLoading;
  const std::vector<int>& operands = inputs(vertex);
  ResultPtr base;
  if (!operands.empty() && operands.front() != graph::kScratch) base = at(operands.front()).result;
  actions_.emplace_back(Load{vertex, *current.hit, std::move(base)});
}

void SolveState::run(int vertex) {
  VertexState& current = state(vertex);
  current.phase = Phase::kRunning;
  actions_.emplace_back(Run{vertex, input_results(vertex), current.key, current.content_key});
}

base::Digest SolveState::stable_key(int vertex) const {
  if (vertex == graph::kScratch) return {};
  const VertexState& of = at(vertex);
  base::Digest key = of.key->digest;
  if (of.content_key) {
    key = of.content_key->digest;
  } else if (of.recorded_content_key) {
    key = *of.recorded_content_key;
  }
  if (!of.ignore_cache || !salted_) return key;
  return base::Encoder().field("made anew", salt_).field("key", key).digest();
}

std::vector<ResultPtr> SolveState::input_results(int vertex) const {
  std::vector<ResultPtr> results;
  for (int input : inputs(vertex)) {
    results.push_back(input == graph::kScratch ? nullptr : at(input).result);
  }
  return results;
}

std::vector<ResultPtr> SolveState::results() const {
  std::vector<ResultPtr> all;
  for (int root : roots_) all.push_back(root == graph::kScratch ? nullptr : at(root).result);
  return all;
}

}  // namespace cooper::solver
