// The cache's first promise, tried on random projects: a build that used caches gives the image, digest and
// all, that a build on an empty machine gives.
//
// usage: cache_equivalence --cooper PROGRAM [--cases N] [--first-seed N | --seed N] [--jobs N] [--no-run]
//                          [--failures DIRECTORY]
//
// Each case is one seed: a project, what happens to it between builds, and which caches there are. A case
// that fails is made as small as it goes and left in a folder below --failures, with all its states to be
// built by hand.
#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <mutex>
#include <thread>
#include <unistd.h>

#include "os/beneath.h"
#include "support/docker_registry.h"
#include "tests/e2e/equivalence/generate.h"
#include "tests/e2e/equivalence/trial.h"

namespace cooper::equivalence {
namespace {

constexpr int kMinimiserTrials = 150;
constexpr int kMostFailures = 10;
// A test whose builds never hit, or never build, proves nothing.
constexpr double kLeastCachedShare = 0.3;
constexpr double kMostImpossibleShare = 0.25;

struct Options {
  std::string cooper;
  std::string failures = "/tmp";
  std::uint64_t first_seed = 1;
  std::uint64_t cases = 200;
  unsigned jobs = std::thread::hardware_concurrency();
  std::optional<std::uint64_t> seed;
  bool no_run = false;
};

class Session {
 public:
  explicit Session(Options options)
      : options_(std::move(options)), work_(std::filesystem::temp_directory_path(), "cooper-equivalence-") {
    possible_.run = !options_.no_run;
    possible_.git = ::access("/usr/bin/git", X_OK) == 0;
    possible_.registry = testing::DockerRegistry::unavailable().empty();
    if (possible_.registry) registry_.emplace();
    surroundings_ = {options_.cooper, work_.path() + "/bases", registry_ ? registry_->host() : ""};
    os::make_directories(surroundings_.bases);
    make_bases(options_.cooper, surroundings_.bases);
  }

  int run() {
    const auto begin = std::chrono::steady_clock::now();
    std::vector<std::jthread> workers;
    for (unsigned i = 0; i < options_.jobs; ++i) workers.emplace_back([this] { work(); });
    workers.clear();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    return report(took.count());
  }

 private:
  void work() {
    for (std::uint64_t i = next_++; i < options_.cases && failures_ < kMostFailures; i = next_++) {
      const Case life = generate(options_.first_seed + i, possible_);
      try {
        const Verdict verdict = try_case(surroundings_, life, work_.path());
        add(verdict);
        if (verdict.difference) show(life, *verdict.difference);
      } catch (const std::exception& error) {
        ++failures_;
        const std::scoped_lock lock(output_);
        fmt::print("seed {}: {}\n", life.seed, error.what());
      }
    }
  }

  void add(const Verdict& verdict) {
    const std::scoped_lock lock(output_);
    ++cases_;
    total_.steps_run += verdict.steps_run;
    total_.steps_cached += verdict.steps_cached;
    total_.states += verdict.states;
    total_.impossible += verdict.impossible;
  }

  void show(const Case& life, const Difference& first) {
    ++failures_;
    const Case small = minimise(surroundings_, life, work_.path(), kMinimiserTrials);
    const Verdict verdict = try_case(surroundings_, small, work_.path());
    const Difference& difference = verdict.difference ? *verdict.difference : first;
    const std::string folder = keep(small, describe(small) + difference.what);
    const std::scoped_lock lock(output_);
    fmt::print("seed {}: after '{}' the image is not that of a clean build\n{}{}in {}\nagain: {}\n",
               life.seed, life.states[first.state].edit, describe(small), difference.what, folder,
               command(life.seed));
    std::fflush(stdout);
  }

  static std::string command(std::uint64_t seed) {
    return fmt::format(
        "EQUIVALENCE='--seed {}' tests/e2e/run.sh self tests/e2e/cache_equivalence_test.sh build/cooper "
        "build/tests/e2e/cache_equivalence",
        seed);
  }

  // Every state as a folder, to be built by hand.
  std::string keep(const Case& life, const std::string& text) const {
    const std::string folder =
        os::TempDir(options_.failures, fmt::format("cache-equivalence-{}-", life.seed)).release();
    write_file(folder + "/case.txt", text);
    for (std::size_t i = 0; i < life.states.size(); ++i) {
      WorkTree(fmt::format("{}/{}", folder, i), false, life.has_dockerfile_in_context).write(life.states[i]);
    }
    return folder;
  }

  int report(double seconds) const {
    const int steps = total_.steps_run + total_.steps_cached;
    const double share = steps == 0 ? 0 : static_cast<double>(total_.steps_cached) / steps;
    const double impossible = static_cast<double>(total_.impossible) / std::max(total_.states, 1);
    fmt::print(
        "{} cases from seed {} in {:.0f} s: {} states, {} of them not to be built; of {} steps of warm "
        "builds "
        "{:.0f}% were cached{}{}\n",
        cases_, options_.first_seed, seconds, total_.states, total_.impossible, steps, 100 * share,
        possible_.run ? "" : "; without RUN", possible_.registry ? "" : "; without a registry");
    if (failures_ > 0) return 1;
    if (options_.seed || (share >= kLeastCachedShare && impossible <= kMostImpossibleShare)) return 0;
    fmt::print("failed: too few cached steps, or too many states that cannot be built, to prove anything\n");
    return 1;
  }

  Options options_;
  os::TempDir work_;
  Possible possible_;
  std::optional<testing::DockerRegistry> registry_;
  Surroundings surroundings_;
  std::atomic<std::uint64_t> next_ = 0;
  std::atomic<int> failures_ = 0;
  std::mutex output_;
  Verdict total_;
  int cases_ = 0;
};

int run(int argc, char** argv) {
  Options options;
  CLI::App app("builds random projects warm and clean, and compares the images");
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.add_option("--cooper", options.cooper)->required();
  app.add_option("--cases", options.cases);
  app.add_option("--first-seed", options.first_seed);
  app.add_option("--seed", options.seed, "only this case");
  app.add_option("--jobs", options.jobs);
  app.add_option("--failures", options.failures);
  app.add_flag("--no-run", options.no_run, "this machine cannot run steps");
  CLI11_PARSE(app, argc, argv);
  if (options.seed) {
    options.first_seed = *options.seed;
    options.cases = 1;
  }
  return Session(std::move(options)).run();
}

}  // namespace
}  // namespace cooper::equivalence

int main(int argc, char** argv) {
  try {
    return cooper::equivalence::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "cache_equivalence: {}\n", error.what());
    return 1;
  }
}
