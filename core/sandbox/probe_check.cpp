#include "sandbox/probe_check.h"

#include <algorithm>
#include <cerrno>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "os/fd.h"

namespace cooper::sandbox {

namespace {

constexpr unsigned kTimeLimit = 60;  // seconds: an overlay on a busy disk was seen to take one

// One line a check: "" or why it failed. Stops after the first failure that matters.
[[noreturn]] void perform(const std::vector<Check>& checks, const os::Fd& report) {
  ::alarm(kTimeLimit);
  try {
    for (const auto& check : checks) {
      std::string line;
      try {
        check.action();
      } catch (const base::Error& error) {
        line = error.summary();
        std::replace(line.begin(), line.end(), '\n', ' ');
      }
      const bool fatal = !line.empty() && check.fallback.empty();
      line += '\n';
      os::FdSink(report.get(), "pipe").write(std::as_bytes(std::span(line)));
      if (fatal) break;
    }
  } catch (const std::exception&) {
    ::_exit(1);
  }
  ::_exit(0);
}

std::vector<ProbeStep> interpret(const std::vector<Check>& checks, const std::string& report) {
  const auto lines = base::split(report, '\n');  // one more than there are reports
  std::vector<ProbeStep> steps;
  for (std::size_t index = 0; index < checks.size(); ++index) {
    const Check& check = checks[index];
    const bool reported = index + 1 < lines.size();
    ProbeStep step{.what = check.what, .ok = reported && lines[index].empty(), .detail = "", .remedy = ""};
    if (reported && !step.ok) step.detail = lines[index];
    if (!reported) step.detail = "the probe ended unexpectedly";
    if (reported && !step.ok && !check.fallback.empty()) {
      step.ok = true;
      step.detail += "; " + check.fallback;
    }
    if (!step.ok) step.remedy = check.remedy;
    steps.push_back(step);
    if (!step.ok) break;
  }
  return steps;
}

}  // namespace

std::vector<ProbeStep> run_checks(const std::vector<Check>& checks) {
  auto [reader, writer] = os::make_pipe();
  const pid_t child = base::check(::fork(), "start", "a probe");
  if (child == 0) {
    reader.reset();
    perform(checks, writer);
  }
  writer.reset();
  os::FdSource source(reader.get(), "a probe");
  const std::string report = base::read_all(source, 1 << 16, "a probe");
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return interpret(checks, report);
}

bool all_ok(const std::vector<ProbeStep>& steps) {
  return !steps.empty() &&
         std::all_of(steps.begin(), steps.end(), [](const ProbeStep& step) { return step.ok; });
}

}  // namespace cooper::sandbox
