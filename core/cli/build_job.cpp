#include "cli/build_job.h"

#include <cstdio>
#include <fmt/format.h>
#include <set>

#include "base/text.h"
#include "build/limit_store.h"
#include "cli/display.h"
#include "cli/store_limit.h"
#include "dockerfile/lint.h"
#include "os/fd.h"
#include "report/result_file.h"
#include "report/step_log.h"

namespace cooper::cli {
namespace {

constexpr std::size_t kSlowest = 3;

void tell(base::EventSink& events, base::Event::Kind kind, std::string text) {
  base::Event event;
  event.kind = kind;
  event.text = std::move(text);
  events.emit(std::move(event));
}

// What the Dockerfile's reader found, after the steps, where it is still on the screen when the build is
// over.
struct Finding {
  std::string file;
  dockerfile::LintWarning warning;
};

void tell_findings(const std::vector<Finding>& findings, base::EventSink& events) {
  if (findings.empty()) return;
  tell(events, base::Event::Kind::kNote,
       findings.size() == 1 ? "1 warning found (use --check to expand):"
                            : fmt::format("{} warnings found (use --check to expand):", findings.size()));
  std::set<std::string> explained;
  for (const Finding& finding : findings) {
    base::Event event;
    event.kind = base::Event::Kind::kWarning;
    event.text = fmt::format("{}: {}", finding.warning.rule, finding.warning.message);
    if (explained.insert(finding.warning.rule).second) event.url = finding.warning.url;
    event.range.file = finding.file;
    event.range.start_line = finding.warning.lines.first;
    event.range.end_line = finding.warning.lines.last;
    events.emit(std::move(event));
  }
}

void tell_unused(const build::BuildResult& result, base::EventSink& events) {
  if (result.unused_build_args.empty()) return;
  tell(events, base::Event::Kind::kWarning,
       fmt::format("one or more build-args [{}] were not consumed",
                   base::join(result.unused_build_args, " ")));
}

report::Summary summary_of(const build::BuildResult& result, double seconds) {
  report::Summary summary;
  summary.seconds = seconds;
  summary.steps_run = result.steps_run;
  summary.steps_cached = result.steps_cached;
  if (result.image) summary.image = result.image->digest;
  summary.image_size = result.image_size;
  return summary;
}

// What is said after a good build.
void tell_result(const build::BuildResult& result, const report::Summary& summary, report::StepLog& log) {
  for (const std::string& line : result.written) tell(log, base::Event::Kind::kNote, line);
  std::string slowest = report::slowest_line(log.slowest(kSlowest));
  if (!slowest.empty()) tell(log, base::Event::Kind::kNote, slowest);
  tell(log, base::Event::Kind::kNote, report::summary_line(summary));
}

// Steps are counted from what was heard of them: a build that failed has no result.
report::Result failed_result(const base::Error& error, const report::StepLog& log, double seconds) {
  report::Result result;
  result.failure = &error;
  result.summary.seconds = seconds;
  for (const report::LoggedStep& step : log.steps()) {
    if (step.end == report::LoggedStep::End::kRan) ++result.summary.steps_run;
    if (step.end == report::LoggedStep::End::kCached) ++result.summary.steps_cached;
  }
  return result;
}

class BuildJob {
 public:
  BuildJob(const BuildFlags& flags, const std::string& label, const Environment& environment,
           Session& session, const SharedWork& shared)
      : flags_(flags),
        request_(make_request(flags, environment)),
        store_limit_(requested_store_limit(flags.store_limit, environment)),
        session_(session),
        before_end_(shared.before_end),
        display_(flags, request_, environment, {shared.output, label}),
        log_(display_.progress()),
        tools_(session_.open_tools(flags.registry, log_)) {
    tools_.flights = shared.flights;
    tools_.explain = flags.explain || !flags.result_file.empty();
    tools_.warm_layouts = flags.warm_layouts;
    if (flags.only_plan) {
      tools_.on_plan = [this](const std::string& plan) {
        std::fputs(display_.mask(plan).c_str(), stdout);
        std::fflush(stdout);
      };
    }
    tools_.on_dockerfile = [this](const std::string& name, const std::string& text) {
      display_.remember(name, text);
    };
    tools_.on_finding = [this](const std::string& file, const dockerfile::LintWarning& warning) {
      findings_.push_back({file, warning});
    };
  }

  BuildOutcome run() {
    BuildOutcome outcome;
    try {
      for (const std::string& note : flags_.notes) tell(log_, base::Event::Kind::kNote, note);
      if (request_.outputs.empty() && request_.cache_to.empty()) {
        tell(log_, base::Event::Kind::kWarning,
             "no output was asked for: the result stays in the cache (add --push, or -o type=oci,dest=FILE)");
      }
      outcome.result = build::run_build(request_, tools_, session_.stop());
      outcome.summary = finish(*outcome.result);
    } catch (const base::Error& error) {
      outcome.summary = fail(error);
      outcome.failure = error;
    }
    outcome.steps = masked_steps();
    return outcome;
  }

 private:
  double seconds() const { return std::chrono::duration<double>(base::Clock::now() - begin_).count(); }

  report::Summary finish(const build::BuildResult& result) {
    build::limit_store(tools_, store_limit_, session_.stop());
    if (before_end_) before_end_();
    tell_findings(findings_, log_);
    tell_unused(result, log_);
    const report::Summary summary = summary_of(result, seconds());
    tell_result(result, summary, log_);
    write_result({summary, result.config_digest, result.written, nullptr});
    display_.progress().finish(nullptr);
    if (flags_.quiet && result.image)
      std::printf("%s\n", result.config_digest.value_or(result.image->digest).str().c_str());
    return summary;
  }

  report::Summary fail(const base::Error& error) {
    if (session_.stop_signal() == 0) build::limit_store(tools_, store_limit_, session_.stop());
    if (before_end_) before_end_();
    tell_findings(findings_, log_);
    const report::Result result = failed_result(error, log_, seconds());
    try {
      write_result(result);
    } catch (const base::Error& unwritten) {
      tell(log_, base::Event::Kind::kWarning, unwritten.summary());
    }
    display_.progress().finish(&error);
    return result.summary;
  }

  std::vector<report::LoggedStep> masked_steps() const {
    std::vector<report::LoggedStep> steps = log_.steps();
    std::erase_if(steps, [](const report::LoggedStep& step) { return step.name.empty(); });
    for (report::LoggedStep& step : steps) {
      for (std::string* text : {&step.name, &step.explanation, &step.error, &step.output})
        *text = display_.mask(*text);
    }
    return steps;
  }

  void write_result(const report::Result& result) const {
    if (flags_.result_file.empty()) return;
    os::write_file_atomically(
        flags_.result_file,
        report::render_result(result, log_, [this](const std::string& text) { return display_.mask(text); }));
  }

  base::Clock::time_point begin_ = base::Clock::now();
  const BuildFlags& flags_;
  build::BuildRequest request_;
  std::optional<std::uint64_t> store_limit_;
  Session& session_;
  std::function<void()> before_end_;
  Display display_;
  report::StepLog log_;
  std::vector<Finding> findings_;
  build::Toolbox tools_;
};

}  // namespace

BuildOutcome run_build_job(const BuildFlags& flags, const std::string& label, const Environment& environment,
                           Session& session, const SharedWork& shared) {
  return BuildJob(flags, label, environment, session, shared).run();
}

}  // namespace cooper::cli
