#include "cli/build_command.h"

#include <cstdio>
#include <fmt/format.h>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "build/build.h"
#include "build/limit_store.h"
#include "cli/display.h"
#include "cli/session.h"
#include "cli/store_limit.h"
#include "dockerfile/lint.h"
#include "report/summary.h"

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

// What is said after a good build.
void tell_result(const build::BuildResult& result, const report::StepClock& clock, double seconds,
                 base::EventSink& events) {
  for (const std::string& line : result.written) tell(events, base::Event::Kind::kNote, line);
  report::Summary summary;
  summary.seconds = seconds;
  summary.steps_run = result.steps_run;
  summary.steps_cached = result.steps_cached;
  if (result.image) summary.image = result.image->digest;
  summary.image_size = result.image_size;
  std::string slowest = report::slowest_line(clock.slowest(kSlowest));
  if (!slowest.empty()) tell(events, base::Event::Kind::kNote, slowest);
  tell(events, base::Event::Kind::kNote, report::summary_line(summary));
}

}  // namespace

int run_build_command(const BuildFlags& flags, const Environment& environment) {
  base::Clock::time_point begin = base::Clock::now();
  build::BuildRequest request = make_request(flags, environment);
  std::optional<std::uint64_t> store_limit = requested_store_limit(flags.store_limit, environment);
  Session session(environment, flags.store.empty() ? environment.default_store() : flags.store,
                  flags.isolation);
  Display display(flags, request, environment);
  report::StepClock clock(display.progress());
  std::vector<Finding> findings;
  build::Toolbox tools = session.open_tools(clock);
  tools.explain = flags.explain;
  tools.on_dockerfile = [&](const std::string& name, const std::string& text) {
    display.remember(name, text);
  };
  tools.on_finding = [&](const std::string& file, const dockerfile::LintWarning& warning) {
    findings.push_back({file, warning});
  };
  try {
    if (request.outputs.empty()) {
      tell(clock, base::Event::Kind::kWarning,
           "no output was asked for: the result stays in the cache (add --push, or -o type=oci,dest=FILE)");
    }
    build::BuildResult result = build::run_build(request, tools, session.stop());
    build::limit_store(tools, store_limit, session.stop());
    tell_findings(findings, clock);
    tell_unused(result, clock);
    double seconds = std::chrono::duration<double>(base::Clock::now() - begin).count();
    tell_result(result, clock, seconds, clock);
    display.progress().finish(nullptr);
    if (flags.quiet && result.image) {
      std::printf("%s\n", result.config_digest.value_or(result.image->digest).str().c_str());
    }
    return 0;
  } catch (const base::Error& error) {
    if (session.stop_signal() == 0) build::limit_store(tools, store_limit, session.stop());
    tell_findings(findings, clock);
    display.progress().finish(&error);
    return session.stop_signal() != 0 ? 128 + session.stop_signal() : error.exit_status();
  }
}

}  // namespace cooper::cli
