#include "cli/build_command.h"

#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "build/build.h"
#include "build/results.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "os/fd.h"
#include "report/progress.h"
#include "report/summary.h"

namespace cooper::cli {
namespace {

constexpr std::size_t kDockerfileLimit = 16 << 20;
constexpr std::size_t kSlowest = 3;

report::ProgressMode progress_mode(const BuildFlags& flags) {
  if (flags.quiet) return report::ProgressMode::kQuiet;
  if (auto mode = report::parse_progress_mode(flags.progress)) return *mode;
  throw base::Error(base::ErrorKind::kUsage, fmt::format("unknown --progress '{}'", flags.progress))
      .hint("choose among auto, plain, tty, rawjson, quiet");
}

// Every secret that the request knows, so that none is shown.
std::shared_ptr<const report::Masker> make_masker(const build::BuildRequest& request) {
  std::vector<std::string> values;
  for (const build::SecretSource& secret : request.secrets) {
    if (secret.value) {
      values.push_back(*secret.value);
    } else if (::access(secret.file.c_str(), R_OK) == 0) {
      if (auto value = build::find_secret(request, secret.id)) values.push_back(*value);
    }
  }
  return std::make_shared<report::Masker>(values);
}

std::optional<std::string> read_source(const std::string& path) {
  if (::access(path.c_str(), R_OK) != 0) return std::nullopt;
  return os::read_file(path, kDockerfileLimit);
}

void tell(base::EventSink& events, base::Event::Kind kind, std::string text) {
  base::Event event;
  event.kind = kind;
  event.text = std::move(text);
  events.emit(std::move(event));
}

void tell_warnings(const build::BuildResult& result, const std::string& dockerfile, base::EventSink& events) {
  for (const dockerfile::LintWarning& warning : result.warnings) {
    base::Event event;
    event.kind = base::Event::Kind::kWarning;
    event.text = fmt::format("{}: {}", warning.rule, warning.message);
    event.range.file = dockerfile;
    event.range.start_line = warning.lines.first;
    event.range.end_line = warning.lines.last;
    events.emit(std::move(event));
  }
  if (!result.unused_build_args.empty()) {
    tell(events, base::Event::Kind::kWarning,
         fmt::format("one or more build-args [{}] were not consumed",
                     base::join(result.unused_build_args, " ")));
  }
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
  report::ProgressMode mode = progress_mode(flags);
  std::string store = flags.store.empty() ? environment.default_store() : flags.store;
  Session session(environment, store, flags.isolation);

  Terminal terminal(STDERR_FILENO, environment);
  auto progress = report::make_progress(mode, terminal, {make_masker(request), read_source, true});
  report::StepClock clock(*progress);
  build::Toolbox tools = session.open_tools(clock);
  tools.explain = flags.explain;
  try {
    if (request.outputs.empty()) {
      tell(clock, base::Event::Kind::kWarning,
           "no output was asked for: the result stays in the cache (add --push, or -o type=oci,dest=FILE)");
    }
    build::BuildResult result = build::run_build(request, tools, session.stop());
    std::string dockerfile =
        request.dockerfile.empty() ? request.context + "/Dockerfile" : request.dockerfile;
    tell_warnings(result, dockerfile, clock);
    double seconds = std::chrono::duration<double>(base::Clock::now() - begin).count();
    tell_result(result, clock, seconds, clock);
    progress->finish(nullptr);
    if (flags.quiet && result.image) {
      std::printf("%s\n", result.config_digest.value_or(result.image->digest).str().c_str());
    }
    return 0;
  } catch (const base::Error& error) {
    progress->finish(&error);
    return session.stop_signal() != 0 ? 128 + session.stop_signal() : error.exit_status();
  }
}

}  // namespace cooper::cli
