#include "tests/e2e/equivalence/machine.h"

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <future>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/error.h"
#include "os/beneath.h"
#include "os/process.h"

namespace cooper::equivalence {
namespace {

constexpr std::chrono::seconds kPatience{120};  // a build takes a tenth of a second

// A registry's repositories belong to one machine each, also when the same case is tried again.
std::atomic<int> next_machine = 0;

os::ProcessResult run_cooper(std::vector<std::string> argv, const std::optional<std::int64_t>& epoch) {
  os::ProcessOptions options;
  options.argv = std::move(argv);
  options.env = {"PATH=/usr/bin:/bin:/usr/sbin:/sbin"};
  for (const char* inherited : {"HOME", "TMPDIR", "USER"}) {
    if (const char* value = std::getenv(inherited))
      options.env->push_back(fmt::format("{}={}", inherited, value));
  }
  if (epoch) options.env->push_back(fmt::format("SOURCE_DATE_EPOCH={}", *epoch));
  options.timeout = kPatience;
  return os::run_process(options, {});
}

std::string digest_in(const std::string& metadata) {
  std::ifstream file(metadata);
  return nlohmann::json::parse(file).at("containerimage.digest").get<std::string>();
}

// "built in 0.1s: 3 steps ran, 2 cached, image sha256:…", or "1 step ran"
void read_summary(Built& built) {
  const std::size_t summary = built.log.rfind("\nbuilt in ");
  const std::size_t numbers = summary == std::string::npos ? summary : built.log.find(": ", summary);
  if (numbers != std::string::npos &&
      std::sscanf(built.log.c_str() + numbers, ": %d %*[steps] ran, %d cached", &built.steps_run,
                  &built.steps_cached) == 2) {
    return;
  }
  built.ok = false;
  built.log += "\n(the program gave no summary)\n";
}

}  // namespace

Machine::Machine(const Surroundings& surroundings, const Case& life, std::string directory)
    : surroundings_(surroundings),
      life_(life),
      directory_(std::move(directory)),
      number_(next_machine++),
      work_tree_(directory_ + "/context", life.is_git_work_tree, life.has_dockerfile_in_context) {}

std::vector<std::string> Machine::common_arguments(const State& state) const {
  std::vector<std::string> out = {"-f", work_tree_.dockerfile()};
  for (const auto& [name, variant] : state.bases) {
    out.push_back("--build-context");
    out.push_back(fmt::format("{}=oci-layout://{}/{}", name, surroundings_.bases, variant));
  }
  for (const auto& [name, value] : state.build_args) {
    out.push_back("--build-arg");
    out.push_back(fmt::format("{}={}", name, value));
  }
  for (const Stage& stage : state.stages) {
    if (stage.id != state.target) continue;
    out.push_back("--target");
    out.push_back(stage.name);
  }
  return out;
}

std::vector<std::string> Machine::cache_arguments() const {
  std::vector<std::string> out;
  if (life_.has_directory_cache) {
    out.insert(out.end(), {"--cache-from", fmt::format("type=local,src={}/cache", directory_), "--cache-to",
                           fmt::format("type=local,dest={}/cache,mode=max", directory_)});
  }
  if (life_.has_registry_cache) {
    const std::string place = fmt::format("type=registry,ref={}/cache-{}", surroundings_.registry, number_);
    out.insert(out.end(), {"--cache-from", place, "--cache-to", place + ",mode=max"});
  }
  return out;
}

Built Machine::run(const State& state, const std::string& store, const std::vector<std::string>& more) const {
  const std::string metadata = store + "-metadata.json";
  std::vector<std::string> argv = {surroundings_.cooper, "build", "--progress", "plain", "--store", store,
                                   "--metadata-file",    metadata};
  argv.insert(argv.end(), more.begin(), more.end());
  for (std::string& argument : common_arguments(state)) argv.push_back(std::move(argument));
  argv.push_back(work_tree_.directory());
  const os::ProcessResult result = run_cooper(std::move(argv), state.epoch);
  Built built;
  built.ok = result.exit_code == 0;
  built.log = result.errors;
  if (!built.ok) {
    built.log += fmt::format("(exit code {})\n", result.exit_code);
    return built;
  }
  built.digest = digest_in(metadata);
  read_summary(built);
  return built;
}

std::string Machine::fresh_store() {
  return fmt::format("{}/store-{}", directory_, ++stores_);
}

std::vector<Built> Machine::build_warm(const State& state) {
  std::vector<std::string> arguments = cache_arguments();
  arguments.emplace_back("-o");
  std::string output = "type=image,compression=" + state.compression;
  if (life_.pushes) {
    output += fmt::format(",name={}/app-{}:latest,push=true", surroundings_.registry, number_);
  }
  arguments.push_back(std::move(output));
  // Two processes on one store, and on one cache.
  const std::string store = life_.keeps_store ? directory_ + "/store" : fresh_store();
  std::vector<std::future<Built>> builds;
  for (int i = life_.builds_twice_at_once ? 2 : 1; i > 0; --i) {
    builds.push_back(std::async(std::launch::async, [&] { return run(state, store, arguments); }));
  }
  std::vector<Built> built;
  for (std::future<Built>& build : builds) built.push_back(build.get());
  if (!life_.keeps_store) remove_store(store);
  return built;
}

Built Machine::build_clean(const State& state) {
  const std::string store = fresh_store();
  Built built = run(state, store, {"-o", "type=image,compression=" + state.compression});
  remove_store(store);
  return built;
}

void remove_store(const std::string& path) {
  try {
    os::remove_tree(path);
  } catch (const base::Error&) {
    os::ProcessOptions options;
    options.argv = {"unshare", "--map-root-user", "--map-auto", "--", "rm", "-rf", path};
    os::run_process(options, {});
  }
}

}  // namespace cooper::equivalence
