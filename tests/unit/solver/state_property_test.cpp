// Random graphs, random answers, random order of answers: what must hold in every build.
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>

#include "base/encoder.h"
#include "solver/state.h"
#include "support/solver_graphs.h"

namespace cooper::solver {
namespace {

struct FakeResult final : Result {};

constexpr int kBuilds = 1000;

class RandomBuild {
 public:
  explicit RandomBuild(unsigned seed) : random_(seed) {
    const int count = 1 + below(30);
    for (int v = 0; v < count; ++v) add_vertex(v);
    for (int i = 1 + below(3); i > 0; --i) roots_.push_back(below(last_ + 1));
    hit_chance_ = below(101);
    unusable_chance_ = below(2) == 0 ? 0 : below(60);
    fail_chance_ = below(4) == 0 ? 3 : 0;
    find_planned();
  }

  void solve() {
    SolveState state(graph_.definition, roots_, graph_.cacheable, base::sha256("salt"));
    state_ = &state;
    take(state.start());
    while (!state.finished()) {
      ASSERT_FALSE(open_.empty()) << "the build hangs";
      answer_one();
      if (::testing::Test::HasFatalFailure()) return;
    }
    if (!state.failed()) check_results();
    // Late answers do no harm.
    while (!open_.empty() && !::testing::Test::HasFatalFailure()) answer_one();
  }

 private:
  int below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random_); }
  bool chance(int percent) { return below(100) < percent; }

  void add_vertex(int v) {
    const std::string name = "vertex " + std::to_string(v);
    if (v == 0 || chance(15)) {
      last_ = graph_.source(name);
      return;
    }
    std::vector<int> inputs;
    for (int i = 1 + below(3); i > 0; --i) inputs.push_back(chance(10) ? graph::kScratch : below(last_ + 1));
    last_ = std::max(last_, chance(10) ? graph_.merge(inputs, name) : graph_.step(name, inputs));
    if (chance(5)) graph_.ignore_cache(last_);
  }

  const std::vector<int>& inputs(int v) const {
    return graph_.definition.vertices[static_cast<std::size_t>(v)].inputs;
  }

  void find_planned() {
    std::vector<int> todo = roots_;
    while (!todo.empty()) {
      const int v = todo.back();
      todo.pop_back();
      if (v == graph::kScratch || !planned_.insert(v).second) continue;
      todo.insert(todo.end(), inputs(v).begin(), inputs(v).end());
    }
  }

  void take(std::vector<Action> actions) {
    for (Action& action : actions) {
      std::visit([this](const auto& kind) { check(kind); }, action);
      if (!std::holds_alternative<CancelAll>(action)) open_.push_back(std::move(action));
    }
  }

  void check_planned(int v) const {
    ASSERT_TRUE(planned_.contains(v)) << "vertex " << v << " is out of reach";
  }

  void check_inputs(int v, const std::vector<ResultPtr>& given) const {
    ASSERT_EQ(given.size(), inputs(v).size());
    for (std::size_t i = 0; i < given.size(); ++i) {
      const int input = inputs(v)[i];
      ASSERT_EQ(given[i], input == graph::kScratch ? nullptr : results_.at(input));
    }
  }

  void check(const ComputeKey& key) {
    check_planned(key.vertex);
    ASSERT_TRUE(keyed_.insert(key.vertex).second) << "keyed twice";
    ASSERT_EQ(key.inputs.size(), inputs(key.vertex).size());
    for (std::size_t i = 0; i < key.inputs.size(); ++i) {
      const int input = inputs(key.vertex)[i];
      ASSERT_EQ(key.inputs[i], input == graph::kScratch ? base::Digest() : keys_.at(input));
    }
  }

  void check(const Lookup& lookup) {
    check_planned(lookup.vertex);
    const auto v = static_cast<std::size_t>(lookup.vertex);
    ASSERT_TRUE(graph_.cacheable[v]);
    ASSERT_FALSE(graph_.definition.vertices[v].info.ignore_cache);
    ASSERT_TRUE(looked_up_.insert({lookup.vertex, lookup.key->digest}).second) << "looked up twice";
  }

  void check(const ComputeContentKey& key) {
    ASSERT_TRUE(state_->at(key.vertex).wanted);
    ASSERT_TRUE(content_keyed_.insert(key.vertex).second) << "content-keyed twice";
    ASSERT_EQ(key.stable_inputs.size(), inputs(key.vertex).size());
    check_inputs(key.vertex, key.inputs);
  }

  void check(const Load& load) {
    ASSERT_TRUE(state_->at(load.vertex).wanted);
    const int below_it = inputs(load.vertex).front();
    ASSERT_EQ(load.base, below_it == graph::kScratch ? nullptr : results_.at(below_it));
  }

  void check(const Run& run) {
    ASSERT_TRUE(state_->at(run.vertex).wanted) << "vertex " << run.vertex << " runs for nobody";
    ASSERT_TRUE(ran_.insert(run.vertex).second) << "vertex " << run.vertex << " runs twice";
    ASSERT_FALSE(results_.contains(run.vertex));
    ASSERT_EQ(run.key->digest, keys_.at(run.vertex));
    check_inputs(run.vertex, run.inputs);
  }

  void check(const CancelAll&) { ASSERT_TRUE(state_->failed()); }

  void answer_one() {
    const auto chosen = open_.begin() + below(static_cast<int>(open_.size()));
    const Action action = std::move(*chosen);
    open_.erase(chosen);
    const bool late = state_->failed();
    std::vector<Action> next =
        state_->step(std::visit([this](const auto& kind) { return answer(kind); }, action));
    if (late) {
      ASSERT_TRUE(next.empty()) << "actions after a failure";
    }
    take(std::move(next));
  }

  SolveEvent answer(const ComputeKey& key) {
    if (chance(fail_chance_)) return Failed{key.vertex};
    base::Encoder encoder;
    encoder.field("vertex", key.vertex);
    for (const base::Digest& input : key.inputs) encoder.field("input", input);
    keys_[key.vertex] = encoder.digest();
    return KeyReady{key.vertex, Key{encoder.digest(), {}}};
  }

  SolveEvent answer(const Lookup& lookup) {
    if (!chance(hit_chance_)) return LookupDone{lookup.vertex, std::nullopt};
    std::optional<base::Digest> recorded;
    if (chance(30)) recorded = base::sha256("recorded");
    return LookupDone{lookup.vertex, CacheHit{nullptr, "", recorded}};
  }

  SolveEvent answer(const ComputeContentKey& key) {
    if (chance(50)) return ContentKeyReady{key.vertex, std::nullopt};
    base::Encoder encoder;
    encoder.field("content of", key.vertex);
    for (const base::Digest& input : key.stable_inputs) encoder.field("input", input);
    return ContentKeyReady{key.vertex, Key{encoder.digest(), {}}};
  }

  SolveEvent answer(const Load& load) {
    if (chance(unusable_chance_)) return LoadFailed{load.vertex};
    return finish(load.vertex);
  }

  SolveEvent answer(const Run& run) {
    if (chance(fail_chance_)) return Failed{run.vertex};
    return finish(run.vertex);
  }

  SolveEvent answer(const CancelAll&) { return Failed{-1}; }  // never open

  SolveEvent finish(int v) {
    results_[v] = std::make_shared<FakeResult>();
    return ResultReady{v, results_[v]};
  }

  void check_results() const {
    const std::vector<ResultPtr> given = state_->results();
    ASSERT_EQ(given.size(), roots_.size());
    for (std::size_t i = 0; i < roots_.size(); ++i) ASSERT_EQ(given[i], results_.at(roots_[i]));
    for (int v : planned_) {
      if (!state_->at(v).wanted) continue;
      ASSERT_EQ(state_->at(v).phase, Phase::kDone) << "vertex " << v << " was wanted in vain";
    }
  }

  std::mt19937 random_;
  test::Graph graph_;
  std::vector<int> roots_;
  int last_ = 0;
  int hit_chance_ = 0;
  int unusable_chance_ = 0;
  int fail_chance_ = 0;
  std::set<int> planned_;
  SolveState* state_ = nullptr;
  std::vector<Action> open_;
  std::map<int, base::Digest> keys_;
  std::map<int, ResultPtr> results_;
  std::set<int> keyed_;
  std::set<int> content_keyed_;
  std::set<int> ran_;
  std::set<std::pair<int, base::Digest>> looked_up_;
};

TEST(SolverStateProperty, EveryBuildEndsAndRunsOnlyWhatItMust) {
  for (unsigned seed = 0; seed < kBuilds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomBuild(seed).solve();
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace cooper::solver
