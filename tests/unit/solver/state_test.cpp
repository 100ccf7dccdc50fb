#include "solver/state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "support/solver_graphs.h"

namespace cooper::solver {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

struct FakeResult final : Result {};

base::Digest digest_of(const std::string& text) {
  return base::sha256(text);
}
Key key_of(const std::string& text) {
  return Key{digest_of(text), {}};
}

// "run 3", "look 2", … so that expectations read as a script.
std::string text_of(const Action& action) {
  struct Visitor {
    std::string operator()(const ComputeKey& kind) const { return "key " + std::to_string(kind.vertex); }
    std::string operator()(const Lookup& kind) const { return "look " + std::to_string(kind.vertex); }
    std::string operator()(const ComputeContentKey& kind) const {
      return "content " + std::to_string(kind.vertex);
    }
    std::string operator()(const Load& kind) const { return "load " + std::to_string(kind.vertex); }
    std::string operator()(const Run& kind) const { return "run " + std::to_string(kind.vertex); }
    std::string operator()(const CancelAll&) const { return "cancel"; }
  };
  return std::visit(Visitor{}, action);
}

// Drives a SolveState by hand and remembers the actions it asked for.
class Script {
 public:
  Script(test::Graph graph, std::vector<int> roots)
      : graph_(std::move(graph)),
        state_(graph_.definition, std::move(roots), graph_.cacheable, digest_of("salt")) {}

  std::vector<std::string> start() { return note(state_.start()); }
  std::vector<std::string> keyed(int v) {
    return note(state_.step(KeyReady{v, key_of("key " + std::to_string(v))}));
  }
  std::vector<std::string> hit(int v, std::optional<base::Digest> content_key = std::nullopt) {
    return note(state_.step(LookupDone{v, CacheHit{nullptr, "local store", content_key}}));
  }
  std::vector<std::string> miss(int v) { return note(state_.step(LookupDone{v, std::nullopt})); }
  std::vector<std::string> content(int v, const std::string& key) {
    return note(state_.step(ContentKeyReady{v, key_of(key)}));
  }
  std::vector<std::string> no_content(int v) { return note(state_.step(ContentKeyReady{v, std::nullopt})); }
  std::vector<std::string> done(int v) {
    return note(state_.step(ResultReady{v, std::make_shared<FakeResult>()}));
  }
  std::vector<std::string> load_failed(int v) { return note(state_.step(LoadFailed{v})); }
  std::vector<std::string> fail(int v) { return note(state_.step(Failed{v})); }
  void key_all() {
    start();
    for (int v = 0; v < static_cast<int>(graph_.definition.vertices.size()); ++v) {
      if (state_.at(v).planned) keyed(v);
    }
  }

  const SolveState& state() const { return state_; }
  // The last action of kind T; throws std::bad_variant_access when the last action is of another kind.
  template <typename T>
  const T& last() const {
    return std::get<T>(history_.back());
  }

 private:
  std::vector<std::string> note(std::vector<Action> actions) {
    std::vector<std::string> texts;
    for (Action& action : actions) {
      texts.push_back(text_of(action));
      history_.push_back(std::move(action));
    }
    return texts;
  }

  test::Graph graph_;
  SolveState state_;
  std::vector<Action> history_;
};

// source 0 ← step 1 ← step 2
test::Graph chain() {
  test::Graph graph;
  const int base = graph.source("base");
  graph.step("second", {graph.step("first", {base})});
  return graph;
}

TEST(SolverState, LoadsACachedChainFromTheBottom) {
  Script script(chain(), {2});
  EXPECT_THAT(script.start(), ElementsAre("key 0"));
  EXPECT_THAT(script.keyed(0), UnorderedElementsAre("run 0", "key 1"));
  EXPECT_THAT(script.keyed(1), UnorderedElementsAre("look 1", "key 2"));
  EXPECT_THAT(script.keyed(2), ElementsAre("look 2"));
  EXPECT_THAT(script.hit(2), IsEmpty());
  EXPECT_THAT(script.hit(1), IsEmpty());
  EXPECT_THAT(script.done(0), ElementsAre("load 1"));
  EXPECT_EQ(script.last<Load>().base, script.state().at(0).result);
  EXPECT_THAT(script.done(1), ElementsAre("load 2"));
  EXPECT_FALSE(script.state().finished());
  EXPECT_THAT(script.done(2), IsEmpty());
  EXPECT_TRUE(script.state().finished());
  EXPECT_FALSE(script.state().failed());
  EXPECT_TRUE(script.state().at(2).from_cache);
  EXPECT_FALSE(script.state().at(0).from_cache);
  EXPECT_THAT(script.state().results(), ElementsAre(script.state().at(2).result));
}

TEST(SolverState, HandsTheKeysOfInputsToTheNextKey) {
  Script script(chain(), {2});
  script.start();
  script.keyed(0);
  script.keyed(1);
  EXPECT_THAT(script.last<ComputeKey>().inputs, ElementsAre(digest_of("key 1")));
}

TEST(SolverState, AMissBelowDoesNotStopTheHitAbove) {
  Script script(chain(), {2});
  script.key_all();
  EXPECT_THAT(script.miss(1), IsEmpty());
  EXPECT_THAT(script.hit(2), IsEmpty());
  EXPECT_THAT(script.done(0), ElementsAre("content 1"));
  EXPECT_THAT(script.no_content(1), ElementsAre("run 1"));
  EXPECT_THAT(script.done(1), ElementsAre("load 2"));
}

TEST(SolverState, RunsAMissInTheMiddleOnTheCachedPart) {
  Script script(chain(), {2});
  script.key_all();
  script.hit(1);
  script.miss(2);
  EXPECT_THAT(script.done(0), ElementsAre("load 1"));
  EXPECT_THAT(script.done(1), ElementsAre("content 2"));
  EXPECT_THAT(script.no_content(2), ElementsAre("run 2"));
  const solver::Run& run = script.last<solver::Run>();
  EXPECT_THAT(run.inputs, ElementsAre(script.state().at(1).result));
  EXPECT_EQ(run.key->digest, digest_of("key 2"));
  EXPECT_EQ(run.content_key, nullptr);
}

TEST(SolverState, TakesTheSecondChanceOfTheContentKey) {
  Script script(chain(), {1});
  script.key_all();
  script.miss(1);
  script.done(0);
  EXPECT_THAT(script.content(1, "content"), ElementsAre("look 1"));
  EXPECT_EQ(script.last<Lookup>().key->digest, digest_of("content"));
  EXPECT_THAT(script.hit(1), ElementsAre("load 1"));
  script.done(1);
  EXPECT_TRUE(script.state().at(1).from_cache);
}

TEST(SolverState, RecordsUnderBothKeysWhenBothMiss) {
  Script script(chain(), {1});
  script.key_all();
  script.miss(1);
  script.done(0);
  script.content(1, "content");
  EXPECT_THAT(script.miss(1), ElementsAre("run 1"));
  EXPECT_EQ(script.last<solver::Run>().key->digest, digest_of("key 1"));
  EXPECT_EQ(script.last<solver::Run>().content_key->digest, digest_of("content"));
}

TEST(SolverState, ContentKeyEqualToTheDefinitionKeyIsNoSecondChance) {
  Script script(chain(), {1});
  script.key_all();
  script.miss(1);
  script.done(0);
  EXPECT_THAT(script.content(1, "key 1"), ElementsAre("run 1"));
  EXPECT_EQ(script.last<solver::Run>().content_key, nullptr);
}

TEST(SolverState, DescendantsSeeTheContentKeyAsStableKey) {
  Script script(chain(), {2});
  script.key_all();
  script.miss(1);
  script.miss(2);
  script.done(0);
  script.content(1, "content");
  script.hit(1);
  EXPECT_THAT(script.done(1), ElementsAre("content 2"));
  EXPECT_THAT(script.last<ComputeContentKey>().stable_inputs, ElementsAre(digest_of("content")));
  EXPECT_THAT(script.last<ComputeContentKey>().inputs, ElementsAre(script.state().at(1).result));
}

TEST(SolverState, DescendantsSeeTheRecordedContentKeyOfAHit) {
  Script script(chain(), {2});
  script.key_all();
  script.hit(1, digest_of("recorded"));
  script.miss(2);
  script.done(0);
  script.done(1);
  EXPECT_THAT(script.last<ComputeContentKey>().stable_inputs, ElementsAre(digest_of("recorded")));
}

TEST(SolverState, StableKeyIsTheDefinitionKeyOtherwise) {
  Script script(chain(), {1});
  script.key_all();
  script.miss(1);
  script.done(0);
  EXPECT_THAT(script.last<ComputeContentKey>().stable_inputs, ElementsAre(digest_of("key 0")));
}

// base 0 ← tools 1 (another stage); base 0 ← copy 2 (of tools)
test::Graph two_stages() {
  test::Graph graph;
  const int base = graph.source("base");
  const int tools = graph.step("tools", {base});
  graph.step("copy", {base, tools});
  return graph;
}

TEST(SolverState, AHitLeavesOtherStagesAlone) {
  Script script(two_stages(), {2});
  script.key_all();
  script.miss(1);
  script.hit(2);
  EXPECT_THAT(script.done(0), ElementsAre("load 2"));
  EXPECT_FALSE(script.state().at(1).wanted);
  script.done(2);
  EXPECT_TRUE(script.state().finished());
}

TEST(SolverState, AMissWantsTheOtherStage) {
  Script script(two_stages(), {2});
  script.key_all();
  script.hit(1);
  script.done(0);
  EXPECT_THAT(script.miss(2), ElementsAre("load 1"));
  EXPECT_THAT(script.done(1), ElementsAre("content 2"));
}

TEST(SolverState, NeverTouchesWhatTheRootsDoNotReach) {
  test::Graph graph = chain();
  const int other = graph.step("unrelated", {graph.source("elsewhere")});
  Script script(std::move(graph), {2});
  EXPECT_THAT(script.start(), ElementsAre("key 0"));
  EXPECT_FALSE(script.state().at(other).planned);
  EXPECT_TRUE(script.state().at(1).planned);
}

TEST(SolverState, SolvesADiamondOnce) {
  test::Graph graph;
  const int base = graph.source("base");
  const int left = graph.step("left", {base});
  const int right = graph.step("right", {base});
  const int join = graph.step("join", {left, right});
  Script script(std::move(graph), {join});
  script.key_all();
  script.miss(left);
  script.miss(right);
  script.miss(join);
  EXPECT_THAT(script.done(base), UnorderedElementsAre("content 1", "content 2"));
  script.no_content(left);
  script.no_content(right);
  EXPECT_THAT(script.done(right), IsEmpty());
  EXPECT_THAT(script.done(left), ElementsAre("content 3"));
  EXPECT_THAT(script.no_content(join), ElementsAre("run 3"));
  EXPECT_THAT(script.last<solver::Run>().inputs,
              ElementsAre(script.state().at(left).result, script.state().at(right).result));
}

TEST(SolverState, EqualStepsAreOneVertex) {
  test::Graph graph;
  const int base = graph.source("base");
  const int first = graph.step("make", {base});
  const int second = graph.step("make", {base});
  EXPECT_EQ(first, second);
  const int join = graph.step("join", {first, second});
  Script script(std::move(graph), {join});
  script.key_all();
  script.miss(first);
  script.miss(join);
  script.done(base);
  EXPECT_THAT(script.no_content(first), ElementsAre("run 1"));
  EXPECT_THAT(script.done(first), ElementsAre("content 2"));
}

TEST(SolverState, IgnoresTheCacheButRecords) {
  test::Graph graph = chain();
  graph.ignore_cache(1);
  graph.ignore_cache(2);
  Script script(std::move(graph), {2});
  script.start();
  EXPECT_THAT(script.keyed(0), UnorderedElementsAre("run 0", "key 1"));
  EXPECT_THAT(script.keyed(1), ElementsAre("key 2"));
  EXPECT_THAT(script.keyed(2), IsEmpty());
  EXPECT_THAT(script.done(0), ElementsAre("content 1"));
  EXPECT_THAT(script.content(1, "content"), ElementsAre("run 1"));
  EXPECT_EQ(script.last<solver::Run>().content_key->digest, digest_of("content"));
  script.done(1);
  // Nothing is looked up, so the keys stay those that any build gives.
  EXPECT_THAT(script.last<ComputeContentKey>().stable_inputs, ElementsAre(digest_of("content")));
}

TEST(SolverState, DescendantsOfAnIgnoredStepDoNotUseOldResults) {
  test::Graph graph = chain();
  graph.ignore_cache(1);
  Script script(std::move(graph), {2});
  script.start();
  script.keyed(0);
  script.keyed(1);
  EXPECT_THAT(script.keyed(2), IsEmpty()) << "a look-up by definition key would find the old result";
  script.done(0);
  script.no_content(1);
  EXPECT_THAT(script.done(1), ElementsAre("content 2"));
  const auto stable = script.last<ComputeContentKey>().stable_inputs;
  ASSERT_EQ(stable.size(), 1U);
  EXPECT_NE(stable.front(), digest_of("key 1"));
  EXPECT_THAT(script.content(2, "from the files"), ElementsAre("look 2")) << "files may still be the same";
  EXPECT_THAT(script.hit(2), ElementsAre("load 2"));
}

TEST(SolverState, SourcesAreNeverIgnored) {
  test::Graph graph = chain();
  graph.ignore_cache(0);
  Script script(std::move(graph), {2});
  script.start();
  script.keyed(0);
  EXPECT_THAT(script.keyed(1), UnorderedElementsAre("look 1", "key 2"));
}

TEST(SolverState, RunsWhatIsNotCacheableWithoutLookingUp) {
  test::Graph graph;
  const int base = graph.source("base");
  const int tools = graph.step("tools", {base});
  const int merge = graph.merge({base, tools});
  Script script(std::move(graph), {merge});
  script.start();
  script.keyed(base);
  script.keyed(tools);
  EXPECT_THAT(script.keyed(merge), IsEmpty());
  script.hit(tools, digest_of("recorded"));
  script.done(base);
  EXPECT_THAT(script.done(tools), ElementsAre("content 2"));
  EXPECT_THAT(script.content(merge, "merged"), ElementsAre("run 2"));
  EXPECT_EQ(script.last<solver::Run>().content_key->digest, digest_of("merged"));
}

TEST(SolverState, StepOnScratchRunsWithoutInputs) {
  test::Graph graph;
  const int step = graph.step("files", {graph::kScratch});
  Script script(std::move(graph), {step});
  script.start();
  EXPECT_THAT(script.last<ComputeKey>().inputs, ElementsAre(base::Digest()));
  script.keyed(step);
  EXPECT_THAT(script.miss(step), ElementsAre("run 0"));
  EXPECT_THAT(script.last<solver::Run>().inputs, ElementsAre(nullptr));
}

TEST(SolverState, HitOnScratchLoadsAtOnce) {
  test::Graph graph;
  const int step = graph.step("files", {graph::kScratch});
  Script script(std::move(graph), {step});
  script.key_all();
  EXPECT_THAT(script.hit(step), ElementsAre("load 0"));
  EXPECT_EQ(script.last<Load>().base, nullptr);
}

TEST(SolverState, ScratchIsARootWithoutAResult) {
  Script script(test::Graph(), {graph::kScratch});
  EXPECT_THAT(script.start(), IsEmpty());
  EXPECT_TRUE(script.state().finished());
  EXPECT_THAT(script.state().results(), ElementsAre(nullptr));
}

TEST(SolverState, RootsMayRepeatAndNest) {
  Script script(chain(), {2, 1, 2});
  script.key_all();
  script.hit(1);
  script.hit(2);
  script.done(0);
  script.done(1);
  EXPECT_FALSE(script.state().finished());
  script.done(2);
  EXPECT_TRUE(script.state().finished());
  EXPECT_THAT(script.state().results(), ElementsAre(script.state().at(2).result, script.state().at(1).result,
                                                    script.state().at(2).result));
}

TEST(SolverState, AnUnusableHitIsAMiss) {
  Script script(chain(), {1});
  script.key_all();
  script.hit(1, digest_of("recorded"));
  script.done(0);
  EXPECT_THAT(script.load_failed(1), ElementsAre("content 1"));
  EXPECT_THAT(script.content(1, "content"), ElementsAre("run 1"))
      << "the second record would be the same one";
  script.done(1);
  EXPECT_FALSE(script.state().at(1).from_cache);
}

TEST(SolverState, AnUnusableSecondHitRuns) {
  Script script(chain(), {1});
  script.key_all();
  script.miss(1);
  script.done(0);
  script.content(1, "content");
  script.hit(1);
  EXPECT_THAT(script.load_failed(1), ElementsAre("run 1"));
  EXPECT_EQ(script.last<solver::Run>().content_key->digest, digest_of("content"));
}

TEST(SolverState, AnUnusableHitWantsTheOtherStage) {
  Script script(two_stages(), {2});
  script.key_all();
  script.hit(1);
  script.hit(2);
  script.done(0);
  EXPECT_THAT(script.load_failed(2), ElementsAre("load 1"));
}

TEST(SolverState, FailureCancelsAndNothingFollows) {
  Script script(two_stages(), {2});
  script.key_all();
  script.miss(1);
  script.miss(2);
  EXPECT_THAT(script.fail(0), ElementsAre("cancel"));
  EXPECT_TRUE(script.state().failed());
  EXPECT_TRUE(script.state().finished());
  EXPECT_EQ(script.state().at(0).phase, Phase::kFailed);
  EXPECT_THAT(script.done(0), IsEmpty());
  EXPECT_THAT(script.fail(1), IsEmpty());
}

TEST(SolverState, RefusesRootsThatDoNotExist) {
  EXPECT_THROW(Script(chain(), {3}), base::Error);
  EXPECT_THROW(Script(chain(), {-2}), base::Error);
}

TEST(SolverState, RefusesEventsThatAnswerNothing) {
  Script script(chain(), {2});
  script.start();
  EXPECT_THROW(script.done(0), base::Error);
  EXPECT_THROW(script.keyed(2), base::Error);
  EXPECT_THROW(script.hit(7), base::Error);
  EXPECT_THROW(script.miss(-1), base::Error);
}

TEST(SolverState, ChainOfAnyLengthNeedsNoStack) {
  constexpr int kLength = 20'000;
  test::Graph graph;
  int top = graph.source("base");
  for (int i = 0; i < kLength; ++i) top = graph.step("step " + std::to_string(i), {top});
  SolveState state(graph.definition, {top}, graph.cacheable);
  std::vector<Action> actions = state.start();
  for (int v = 0; v <= top; ++v) state.step(KeyReady{v, key_of("key")});
  for (int v = 1; v <= top; ++v) state.step(LookupDone{v, CacheHit{}});
  for (int v = 0; v <= top; ++v) state.step(ResultReady{v, std::make_shared<FakeResult>()});
  EXPECT_TRUE(state.finished());
}

}  // namespace
}  // namespace cooper::solver
