#include "solver/scheduler.h"

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "base/cancellation.h"
#include "base/encoder.h"
#include "base/error.h"
#include "base/guarded.h"
#include "support/solver_graphs.h"

namespace cooper::solver {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using EventKind = base::Event::Kind;

struct NamedResult final : Result {
  explicit NamedResult(std::string text) : name(std::move(text)) {}
  std::string name;
};

// Waits until the token is stopped, then throws as every blocking call does.
[[noreturn]] void block_until_stopped(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait(lock, stop, [] { return false; });
  throw base::Error(base::ErrorKind::kCancelled, "cancelled");
}

// A point that so many threads must reach before any goes on: proves that they ran at once.
class Meeting {
 public:
  explicit Meeting(int expected) : missing_(expected) {}
  void join(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    if (--missing_ == 0) all_here_.notify_all();
    all_here_.wait(lock, stop, [this] { return missing_ <= 0; });
    base::throw_if_stopped(stop);
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any all_here_;
  int missing_;
};

// Answers from scripts by vertex name; records what was asked of it.
class FakeRunner final : public OpRunner {
 public:
  using Work = std::function<void(const std::stop_token&)>;

  explicit FakeRunner(const test::Graph& graph) : graph_(graph) {}

  bool cacheable(int vertex) const override { return graph_.cacheable[static_cast<std::size_t>(vertex)]; }
  ResourceClass resource_class(int vertex) const override {
    auto found = classes.find(name(vertex));
    return found == classes.end() ? ResourceClass::kExec : found->second;
  }
  std::chrono::milliseconds expected_duration(int vertex) const override {
    auto found = durations.find(name(vertex));
    return std::chrono::milliseconds(found == durations.end() ? 1 : found->second);
  }
  Key definition_key(int vertex, std::span<const base::Digest> inputs, const std::stop_token& stop) override {
    perform(key_work, vertex, stop);
    base::Encoder encoder;
    encoder.field("name", name(vertex));
    for (const base::Digest& input : inputs) encoder.field("input", input);
    return Key{encoder.digest(), {}};
  }
  std::optional<Key> content_key(int, std::span<const base::Digest>, std::span<const ResultPtr>,
                                 const std::stop_token&) override {
    return std::nullopt;
  }
  ResultPtr load(int vertex, const CacheHit&, const ResultPtr& base, const std::stop_token& stop) override {
    perform(load_work, vertex, stop);
    return note("load " + name(vertex), base);
  }
  ResultPtr run(int vertex, std::span<const ResultPtr> inputs, const Key&, const std::optional<Key>&,
                const std::stop_token& stop) override {
    log_.with([&](auto& lines) { lines.push_back("begin " + name(vertex)); });
    perform(run_work, vertex, stop);
    return note("run " + name(vertex), inputs.empty() ? nullptr : inputs.front());
  }

  std::vector<std::string> log() const {
    return log_.with([](const auto& lines) { return lines; });
  }
  // The lines that begin with `prefix`, without it.
  std::vector<std::string> log(const std::string& prefix) const {
    std::vector<std::string> lines;
    for (const std::string& line : log()) {
      if (line.starts_with(prefix)) lines.push_back(line.substr(prefix.size()));
    }
    return lines;
  }

  std::map<std::string, ResourceClass> classes;
  std::map<std::string, int> durations;
  std::map<std::string, Work> key_work;
  std::map<std::string, Work> load_work;
  std::map<std::string, Work> run_work;

 private:
  const std::string& name(int vertex) const {
    return graph_.definition.vertices[static_cast<std::size_t>(vertex)].info.name;
  }
  void perform(const std::map<std::string, Work>& scripts, int vertex, const std::stop_token& stop) const {
    auto found = scripts.find(name(vertex));
    if (found != scripts.end()) found->second(stop);
  }
  ResultPtr note(const std::string& line, const ResultPtr& base) {
    log_.with([&](auto& lines) { lines.push_back(line); });
    const auto* below = dynamic_cast<const NamedResult*>(base.get());
    return std::make_shared<NamedResult>((below == nullptr ? "" : below->name + "|") + line);
  }

  const test::Graph& graph_;
  base::Guarded<std::vector<std::string>> log_;
};

class FakeCache final : public CacheIndex {
 public:
  std::optional<CacheHit> find(int vertex, const Key&, const std::stop_token& stop) override {
    if (work) work(stop);
    if (!hits.contains(vertex)) return std::nullopt;
    return CacheHit{nullptr, "fake cache", std::nullopt};
  }
  std::set<int> hits;
  FakeRunner::Work work;
};

class Recorder final : public SolveObserver, public base::EventSink {
 public:
  void on_result(int vertex, const ResultPtr&, bool cached) override {
    results.emplace_back(vertex, cached);
    if (observe) observe(vertex);
  }
  void emit(base::Event event) override {
    if (std::this_thread::get_id() != thread) foreign_thread = true;
    events.push_back(std::move(event));
  }
  std::vector<int> with(EventKind kind) const {
    std::vector<int> vertices;
    for (const base::Event& event : events) {
      if (event.kind == kind) vertices.push_back(event.vertex);
    }
    return vertices;
  }

  std::vector<std::pair<int, bool>> results;
  std::vector<base::Event> events;
  std::function<void(int)> observe;
  std::thread::id thread = std::this_thread::get_id();
  bool foreign_thread = false;
};

class SolverScheduler : public ::testing::Test {
 protected:
  std::vector<ResultPtr> solve(const std::vector<int>& roots, const Limits& limits = {},
                               const std::stop_token& stop = {}) {
    return solver::solve(graph_.definition, roots, runner_, cache_, recorder_, recorder_, limits, stop);
  }
  base::Error failure(const std::vector<int>& roots, const std::stop_token& stop = {}) {
    try {
      solve(roots, {}, stop);
    } catch (const base::Error& error) {
      return error;
    }
    ADD_FAILURE() << "solve did not throw";
    return base::Error(base::ErrorKind::kInternal, "none");
  }
  static std::string text(const ResultPtr& result) { return dynamic_cast<const NamedResult&>(*result).name; }

  test::Graph graph_;
  FakeRunner runner_{graph_};
  FakeCache cache_;
  Recorder recorder_;
};

TEST_F(SolverScheduler, RunsAChainInOrderAndReportsIt) {
  const int base = graph_.source("base");
  const int first = graph_.step("first", {base});
  const int second = graph_.step("second", {first});
  const auto results = solve({second});
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(text(results[0]), "run base|run first|run second");
  EXPECT_THAT(recorder_.with(EventKind::kPlanned), ElementsAre(base, first, second));
  EXPECT_THAT(recorder_.with(EventKind::kStarted), ElementsAre(base, first, second));
  EXPECT_THAT(recorder_.with(EventKind::kDone), ElementsAre(base, first, second));
  EXPECT_THAT(recorder_.with(EventKind::kCached), IsEmpty());
  EXPECT_THAT(recorder_.results,
              ElementsAre(std::pair(base, false), std::pair(first, false), std::pair(second, false)));
  EXPECT_EQ(recorder_.events.front().name, "base");
  EXPECT_FALSE(recorder_.foreign_thread);
}

TEST_F(SolverScheduler, LoadsHitsAndSaysFromWhere) {
  const int base = graph_.source("base");
  const int step = graph_.step("step", {base});
  cache_.hits = {step};
  EXPECT_EQ(text(solve({step}).front()), "run base|load step");
  EXPECT_THAT(recorder_.with(EventKind::kCached), ElementsAre(step));
  EXPECT_THAT(recorder_.with(EventKind::kDone), ElementsAre(base));
  EXPECT_EQ(recorder_.events.back().text, "fake cache");
  EXPECT_EQ(recorder_.results.back(), std::pair(step, true));
}

TEST_F(SolverScheduler, NeverRunsWhatNobodyWants) {
  const int base = graph_.source("base");
  const int tools = graph_.step("tools", {base});
  const int copy = graph_.step("copy", {base, tools});
  const int other = graph_.step("other", {base});
  cache_.hits = {copy};
  solve({copy});
  EXPECT_THAT(runner_.log(), ElementsAre("begin base", "run base", "load copy"));
  EXPECT_THAT(recorder_.with(EventKind::kPlanned), Not(Contains(other)));
}

TEST_F(SolverScheduler, NoRootsNoWork) {
  graph_.source("base");
  EXPECT_THAT(solve({}), IsEmpty());
  EXPECT_THAT(recorder_.events, IsEmpty());
}

TEST_F(SolverScheduler, RunsIndependentStepsAtOnce) {
  const int base = graph_.source("base");
  std::vector<int> roots;
  Meeting meeting(4);
  for (const char* name : {"a", "b", "c", "d"}) {
    roots.push_back(graph_.step(name, {base}));
    runner_.run_work[name] = [&](const std::stop_token& stop) { meeting.join(stop); };
  }
  EXPECT_EQ(solve(roots).size(), 4U);
}

TEST_F(SolverScheduler, KeepsToTheLimitOfAClass) {
  const int base = graph_.source("base");
  std::vector<int> roots;
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  for (int i = 0; i < 12; ++i) {
    const std::string name = "step " + std::to_string(i);
    roots.push_back(graph_.step(name, {base}));
    runner_.run_work[name] = [&](const std::stop_token&) {
      const int now = ++running;
      int seen = most;
      while (seen < now && !most.compare_exchange_weak(seen, now)) {
      }
      std::this_thread::yield();
      --running;
    };
  }
  solve(roots, Limits{2, 0, 0});
  EXPECT_LE(most, 2);
  EXPECT_GE(most, 1);
}

TEST_F(SolverScheduler, ClassesDoNotTakeSlotsFromEachOther) {
  const int base = graph_.source("base");
  Meeting meeting(3);
  std::vector<int> roots;
  const auto meet = [&](const std::stop_token& stop) { meeting.join(stop); };
  for (auto [name, load] :
       {std::pair("exec", ResourceClass::kExec), std::pair("network", ResourceClass::kNetwork),
        std::pair("cpu", ResourceClass::kCpu)}) {
    roots.push_back(graph_.step(name, {base}));
    runner_.classes[name] = load;
    runner_.run_work[name] = meet;
  }
  EXPECT_EQ(solve(roots, Limits{1, 1, 1}).size(), 3U);
}

TEST_F(SolverScheduler, KeysAndLoadsDoNotWaitForLongWork) {
  const int base = graph_.source("base");
  const int slow = graph_.step("slow", {base});
  const int cached = graph_.step("cached", {graph_.step("below", {base})});
  cache_.hits = {cached, cached - 1};
  runner_.classes["slow"] = ResourceClass::kCpu;
  Meeting meeting(2);
  runner_.run_work["slow"] = [&](const std::stop_token& stop) { meeting.join(stop); };
  runner_.load_work["cached"] = [&](const std::stop_token& stop) { meeting.join(stop); };
  EXPECT_EQ(solve({slow, cached}, Limits{1, 1, 1}).size(), 2U);
}

TEST_F(SolverScheduler, StartsTheLongestRemainingPathFirst) {
  const int first = graph_.source("first");
  const int brief = graph_.source("brief");
  const int long_path = graph_.source("long path");
  const int rest = graph_.step("rest", {long_path});
  const int last = graph_.step("last", {rest, brief});
  runner_.durations = {{"first", 1000}, {"brief", 50}, {"long path", 10}, {"rest", 90}};
  // The only slot is taken by "first" until the key of "last" is asked for; by then the others are ready to
  // run.
  Meeting first_runs(3);
  Meeting others_ready(2);
  const auto wait_for_first = [&](const std::stop_token& stop) { first_runs.join(stop); };
  runner_.key_work = {{"brief", wait_for_first},
                      {"long path", wait_for_first},
                      {"last", [&](const std::stop_token& stop) { others_ready.join(stop); }}};
  runner_.run_work["first"] = [&](const std::stop_token& stop) {
    first_runs.join(stop);
    others_ready.join(stop);
  };
  solve({first, last, brief}, Limits{1, 2, 2});
  const std::vector<std::string> begun = runner_.log("begin ");
  ASSERT_GE(begun.size(), 2U);
  EXPECT_EQ(begun[0], "first");
  EXPECT_EQ(begun[1], "long path");
}

TEST_F(SolverScheduler, FailureStopsTheOthersAndIsRethrown) {
  const int base = graph_.source("base");
  Meeting both_run(2);
  const int slow = graph_.step("slow", {base});
  const int bad = graph_.step("bad", {base});
  const int after = graph_.step("after", {bad});
  runner_.run_work["slow"] = [&](const std::stop_token& stop) {
    both_run.join(stop);
    block_until_stopped(stop);
  };
  runner_.run_work["bad"] = [&](const std::stop_token& stop) {
    both_run.join(stop);
    throw base::Error(base::ErrorKind::kRunFailed, "the step ended with code 3").exit_status(3);
  };
  graph_.definition.vertices[static_cast<std::size_t>(bad)].info.range = {"Dockerfile", 7, 1, 7, "RUN bad"};
  const base::Error error = failure({slow, after});
  EXPECT_EQ(error.kind(), base::ErrorKind::kRunFailed);
  EXPECT_EQ(error.exit_status(), 3);
  ASSERT_TRUE(error.range().has_value());
  EXPECT_EQ(error.range()->start_line, 7);
  EXPECT_THAT(recorder_.with(EventKind::kFailed), ElementsAre(bad));
  EXPECT_THAT(recorder_.with(EventKind::kCancelled), ElementsAre(slow));
  EXPECT_THAT(recorder_.with(EventKind::kStarted), Not(Contains(after)));
  EXPECT_THAT(runner_.log("run "), ElementsAre("base"));
}

TEST_F(SolverScheduler, KeepsTheRangeThatTheErrorBrings) {
  const int step = graph_.step("step", {graph::kScratch});
  graph_.definition.vertices[0].info.range = {"Dockerfile", 7, 1, 7, ""};
  runner_.run_work["step"] = [](const std::stop_token&) {
    throw base::Error(base::ErrorKind::kContext, "'x' is missing").at({"Dockerfile", 9, 3, 9, ""});
  };
  EXPECT_EQ(failure({step}).range()->start_line, 9);
}

TEST_F(SolverScheduler, AFailingKeyFailsTheBuild) {
  const int step = graph_.step("step", {graph_.source("base")});
  runner_.key_work["step"] = [](const std::stop_token&) {
    throw base::Error(base::ErrorKind::kContext, "'src' is not in the build context");
  };
  EXPECT_EQ(failure({step}).kind(), base::ErrorKind::kContext);
  EXPECT_THAT(recorder_.with(EventKind::kFailed), ElementsAre(step));
}

TEST_F(SolverScheduler, ForeignExceptionsBecomeInternalErrors) {
  const int step = graph_.step("step", {graph::kScratch});
  runner_.run_work["step"] = [](const std::stop_token&) { throw std::runtime_error("surprise"); };
  const base::Error error = failure({step});
  EXPECT_EQ(error.kind(), base::ErrorKind::kInternal);
  EXPECT_EQ(error.summary(), "step: surprise");
}

TEST_F(SolverScheduler, AnUnusableHitIsAWarningAndRuns) {
  const int step = graph_.step("step", {graph_.source("base")});
  cache_.hits = {step};
  runner_.load_work["step"] = [](const std::stop_token&) {
    throw base::Error(base::ErrorKind::kCorrupt, "layer is truncated");
  };
  EXPECT_EQ(text(solve({step}).front()), "run base|run step");
  EXPECT_THAT(recorder_.with(EventKind::kWarning), ElementsAre(step));
  EXPECT_THAT(recorder_.with(EventKind::kCached), IsEmpty());
  EXPECT_THAT(recorder_.with(EventKind::kDone), Contains(step));
}

TEST_F(SolverScheduler, StopFromOutsideCancels) {
  const int step = graph_.step("step", {graph_.source("base")});
  std::stop_source outside;
  runner_.run_work["step"] = [&](const std::stop_token& stop) {
    outside.request_stop();
    block_until_stopped(stop);
  };
  EXPECT_EQ(failure({step}, outside.get_token()).kind(), base::ErrorKind::kCancelled);
  EXPECT_THAT(recorder_.with(EventKind::kCancelled), ElementsAre(step));
  EXPECT_THAT(recorder_.with(EventKind::kFailed), IsEmpty());
}

TEST_F(SolverScheduler, StopBeforeTheStartRunsNothing) {
  const int step = graph_.step("step", {graph::kScratch});
  std::stop_source outside;
  outside.request_stop();
  EXPECT_EQ(failure({step}, outside.get_token()).kind(), base::ErrorKind::kCancelled);
  EXPECT_THAT(runner_.log(), IsEmpty());
}

TEST_F(SolverScheduler, DoesNotWaitOutLookupsThatNobodyNeeds) {
  const int base = graph_.source("base");
  const int tools = graph_.step("tools", {base});
  const int copy = graph_.step("copy", {base, tools});
  // The look-up of "tools" only ends when the solver says stop.
  class SlowCache final : public CacheIndex {
   public:
    explicit SlowCache(int slow) : slow_(slow) {}
    std::optional<CacheHit> find(int vertex, const Key&, const std::stop_token& stop) override {
      if (vertex == slow_) block_until_stopped(stop);
      return CacheHit{};
    }

   private:
    int slow_;
  };
  SlowCache cache(tools);
  const auto results = solver::solve(graph_.definition, {copy}, runner_, cache, recorder_, recorder_, {}, {});
  EXPECT_EQ(text(results.front()), "run base|load copy");
}

TEST_F(SolverScheduler, ObserverMayThrow) {
  const int base = graph_.source("base");
  const int slow = graph_.step("slow", {graph::kScratch});
  runner_.run_work["slow"] = [](const std::stop_token& stop) { block_until_stopped(stop); };
  recorder_.observe = [](int) { throw std::logic_error("observer"); };
  EXPECT_THROW(solve({base, slow}), std::logic_error);
}

TEST_F(SolverScheduler, SolvesManyStepsOnManyThreads) {
  int top = graph_.source("base");
  std::vector<int> wide;
  for (int i = 0; i < 300; ++i) {
    wide.push_back(graph_.step("wide " + std::to_string(i), {top}));
    if (i % 3 == 0) cache_.hits.insert(wide.back());
  }
  std::vector<int> inputs = wide;
  top = graph_.step("join", inputs);
  for (int i = 0; i < 100; ++i) {
    top = graph_.step("deep " + std::to_string(i), {top});
    if (i % 2 == 0) cache_.hits.insert(top);
  }
  solve({top}, Limits{8, 8, 8});
  std::vector<std::string> begun = runner_.log("begin ");
  std::sort(begun.begin(), begun.end());
  EXPECT_EQ(std::adjacent_find(begun.begin(), begun.end()), begun.end()) << "a step ran twice";
  EXPECT_EQ(begun.size(), 1U + 200U + 1U + 50U);
  EXPECT_FALSE(recorder_.foreign_thread);
}

}  // namespace
}  // namespace cooper::solver
