#include "adapters/ci_build.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <filesystem>
#include <fmt/format.h>
#include <thread>
#include <unistd.h>

#include "adapters/ci_options.h"
#include "adapters/outputs.h"
#include "adapters/sections.h"
#include "adapters/write_outputs.h"
#include "base/error.h"
#include "cli/build_job.h"
#include "cli/flag_values.h"
#include "cli/terminal.h"
#include "oci/reference.h"
#include "ops/step_flights.h"
#include "report/kept_log.h"

namespace cooper::adapters {

namespace {

constexpr const char* kLogFile = "cooper.log";
constexpr std::uint64_t kForTheEnd = 256 << 10;  // bytes of the budget that the end of the log may take

std::vector<OutputFile> output_files(const CiPlan& plan, const Job& job, const Results& results) {
  if (plan.adapter == nullptr) return {result_file(results)};
  return plan.adapter->outputs(job, plan.record, results);
}

// Of a build that could not even begin. The error itself is what counts, so this one is quiet.
void tell_failure(const CiPlan& plan, const Job& job, const base::Error& error) {
  Results results;
  results.failure = error.summary();
  results.result_json = result_json(results);
  try {
    write_outputs(output_files(plan, job, results), plan.record.workspace);
  } catch (const base::Error&) {
    return;
  }
}

// What is written beside the sources is none of them: a COPY of all would never be found in the cache.
constexpr std::array<const char*, 9> kOwnFiles = {"cooper-result.json",
                                                  "cooper.env",
                                                  "cooper-annotations.json",
                                                  "cooper-artifacts",
                                                  "cooper-cache-root",
                                                  "cooper-junit.xml",
                                                  kLogFile,
                                                  kLocalCache,
                                                  kStoreDirectory};

std::vector<std::string> own_files(const CiPlan& plan, const PlannedImage& image) {
  std::vector<std::string> files;
  for (const char* name : kOwnFiles) files.push_back(plan.record.workspace + "/" + name);
  for (const Option& option : image.options) {
    if (option.flag != "--cache-to" && option.flag != "--cache-from") continue;
    const std::optional<build::CachePlace> place = cli::parse_cache_place(option.value, option.flag);
    if (!place || place->type != "local") continue;
    for (const char* attribute : {"dest", "src"}) {
      if (auto found = place->attributes.find(attribute); found != place->attributes.end())
        files.push_back(std::filesystem::absolute(found->second));
    }
  }
  return files;
}

// A collapsible part of the log, where the CI has such.
class Section {
 public:
  Section(report::KeptLog& log, bool in_use, const char* name, const char* title)
      : log_(log), in_use_(in_use), name_(name) {
    if (in_use_) log_.write(section_start(name_, title, std::time(nullptr), /*collapsed=*/false));
  }
  ~Section() {
    if (in_use_) log_.write(section_end(name_, std::time(nullptr)));
  }
  Section(const Section&) = delete;
  Section& operator=(const Section&) = delete;

 private:
  report::KeptLog& log_;
  const bool in_use_;
  const char* name_;
};

class CiBuild {
 public:
  CiBuild(const CiPlan& plan, const Job& job, const cli::Environment& environment)
      : plan_(plan), job_(job), environment_(environment) {
    for (const PlannedImage& image : plan.images) {
      flags_.push_back(flags_of_options(image.options, plan.record.workspace));
      flags_.back().hidden_files = own_files(plan, image);
      cli::make_request(flags_.back(), environment);  // refuse what is wrong before anything is set up
    }
  }

  int run() {
    // The session goes first: it needs a process of one thread.
    const cli::BuildFlags& first = flags_.front();
    cli::Session session(environment_, first.store.empty() ? environment_.default_store() : first.store,
                         first.isolation);
    cli::Terminal terminal(STDERR_FILENO, environment_, traits().colour);
    report::KeptLog log(terminal, log_path(), budget());
    for (const std::string& note : plan_.notes) log.write(fmt::format("note: {}\n", note));
    {
      const Section section(log, traits().sections, "cooper_build", "Building");
      build_all(session, log);
      log.show_rest();
    }
    hand_back(log);
    if (session.stop_signal() != 0) return 128 + session.stop_signal();
    for (const cli::BuildOutcome& outcome : outcomes_) {
      if (outcome.failure) return outcome.failure->exit_status();
    }
    return 0;
  }

 private:
  LogTraits traits() const { return plan_.adapter == nullptr ? LogTraits() : plan_.adapter->log_traits(); }
  std::uint64_t budget() const {
    const std::uint64_t budget = traits().budget;
    return budget > kForTheEnd ? budget - kForTheEnd : budget;
  }
  // All of the log is kept where the CI may cut it, and where the workspace can be written to.
  std::string log_path() const {
    std::string path = plan_.record.workspace + "/" + kLogFile;
    if (traits().budget == 0 || ::access(plan_.record.workspace.c_str(), W_OK) != 0) return "";
    return path;
  }

  void build_all(cli::Session& session, report::KeptLog& log) {
    outcomes_.resize(flags_.size());
    cli::SharedWork shared;
    shared.output = &log;
    if (flags_.size() == 1) {
      shared.before_end = [&log] { log.show_rest(); };
    } else {
      shared.flights = &flights_;
    }
    auto build = [&](std::size_t i) {
      outcomes_[i] = cli::run_build_job(flags_[i], plan_.images[i].name, environment_, session, shared);
    };
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < flags_.size(); ++i) others.emplace_back(build, i);
    build(0);
  }

  // A result that cannot be handed back fails the build: the jobs behind it would use another image's.
  void hand_back(report::KeptLog& log) {
    const Results results = gather();
    for (const cli::BuildOutcome& outcome : outcomes_) {
      if (outcome.failure && flags_.size() > 1)
        log.write(fmt::format("error: {}\n", outcome.failure->summary()));
    }
    tell_setting(log);
    const std::vector<OutputFile> files = output_files(plan_, job_, results);
    write_outputs(files, plan_.record.workspace);
    for (const OutputFile& file : files) log.write(fmt::format("wrote {} to {}\n", file.what, file.path));
  }

  // Where a registry did not want us, the platform's setting is what can be changed.
  void tell_setting(report::KeptLog& log) const {
    const auto is_refused = [](const cli::BuildOutcome& outcome) {
      return outcome.failure && outcome.failure->kind() == base::ErrorKind::kAuth;
    };
    if (plan_.adapter != nullptr && std::any_of(outcomes_.begin(), outcomes_.end(), is_refused))
      log.write(fmt::format("hint: {}\n", plan_.adapter->credentials_setting()));
  }

  Results gather() const {
    Results results;
    results.succeeded = true;
    for (std::size_t i = 0; i < outcomes_.size(); ++i) {
      const cli::BuildOutcome& outcome = outcomes_[i];
      add_steps(plan_.images[i].name, outcome, results.steps);
      if (outcome.failure) {
        results.succeeded = false;
        if (results.failure.empty()) results.failure = outcome.failure->summary();
        continue;
      }
      results.images.push_back(image_result(i, *outcome.result, outcome.summary));
    }
    results.result_json = result_json(results);
    return results;
  }

  static void add_steps(const std::string& image, const cli::BuildOutcome& outcome,
                        std::vector<StepResult>& steps) {
    for (const report::LoggedStep& step : outcome.steps) {
      steps.push_back({image, step.name, report::name_of(step.end), step.cache, step.error, step.output,
                       std::max(step.seconds, 0.0)});
    }
  }

  ImageResult image_result(std::size_t i, const build::BuildResult& built,
                           const report::Summary& summary) const {
    ImageResult image;
    image.name = plan_.images[i].name;
    bool is_pushed = flags_[i].push;
    for (const std::string& tag : flags_[i].tags) {
      if (is_pushed) image.references.push_back(oci::Reference::parse(tag).familiar());
    }
    if (built.image) image.digest = built.image->digest.str();
    for (const auto& [platform, digest] : built.platforms) image.platforms[platform] = digest.str();
    image.steps_run = built.steps_run;
    image.steps_cached = built.steps_cached;
    image.seconds = summary.seconds;
    image.size = built.image_size;
    return image;
  }

  const CiPlan& plan_;
  const Job& job_;
  const cli::Environment& environment_;
  std::vector<cli::BuildFlags> flags_;
  ops::StepFlights flights_;
  std::vector<cli::BuildOutcome> outcomes_;
};

}  // namespace

int run_ci_build(const std::function<void()>& make_plan, const CiPlan& plan, const Job& job,
                 const cli::Environment& environment) {
  std::optional<CiBuild> build;
  try {
    make_plan();
    build.emplace(plan, job, environment);
  } catch (const base::Error& error) {
    tell_failure(plan, job, error);
    throw;
  }
  return build->run();
}

}  // namespace cooper::adapters
