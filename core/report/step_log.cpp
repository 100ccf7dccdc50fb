#include "report/step_log.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace cooper::report {

namespace {

// Cut only when twice as long, so that a chatty step does not move its text with every line.
void keep_end(std::string& kept, std::string_view text) {
  kept += text.substr(text.size() > kKeptOutput ? text.size() - kKeptOutput : 0);
  if (kept.size() > 2 * kKeptOutput) kept.erase(0, kept.size() - kKeptOutput);
}

}  // namespace

const char* name_of(LoggedStep::End end) {
  switch (end) {
    case LoggedStep::End::kNone:
      return "not needed";
    case LoggedStep::End::kRan:
      return "ran";
    case LoggedStep::End::kCached:
      return "cached";
    case LoggedStep::End::kFailed:
      return "failed";
    case LoggedStep::End::kCancelled:
      return "cancelled";
  }
  return "not needed";
}

void StepLog::note(const base::Event& event, LoggedStep& step) {
  using Kind = base::Event::Kind;
  if (!event.name.empty() && event.kind != Kind::kProgress) step.name = event.name;
  if (!event.range.file.empty() || event.range.start_line > 0) step.range = event.range;
  if (event.kind == Kind::kStarted) step.started = event.time;
  if (event.kind == Kind::kExplain) step.explanation = event.text;
  if (event.kind == Kind::kFailed) step.error = event.text;
  if (event.kind == Kind::kCached) {
    // Found again after it ran, when a build is solved a second time: it ran.
    if (step.end != LoggedStep::End::kRan) step.end = LoggedStep::End::kCached;
    step.cache = event.text;
  }
  if (event.kind == Kind::kCancelled) step.end = LoggedStep::End::kCancelled;
  if (event.kind != Kind::kDone && event.kind != Kind::kFailed) return;
  step.end = event.kind == Kind::kDone ? LoggedStep::End::kRan : LoggedStep::End::kFailed;
  if (step.started != base::Clock::time_point())
    step.seconds = std::chrono::duration<double>(event.time - step.started).count();
}

void StepLog::emit(base::Event event) {
  heard_.with([&](Heard& heard) {
    if (event.kind == base::Event::Kind::kWarning) heard.warnings.push_back(event.text);
    if (event.vertex < 0) return;
    const auto index = static_cast<std::size_t>(event.vertex);
    if (heard.steps.size() <= index) heard.steps.resize(index + 1);
    if (event.kind == base::Event::Kind::kLog) {
      keep_end(heard.steps[index].output, event.text);
    } else {
      note(event, heard.steps[index]);
    }
  });
  next_.emit(std::move(event));
}

std::vector<LoggedStep> StepLog::steps() const {
  std::vector<LoggedStep> steps = heard_.with([](const Heard& heard) { return heard.steps; });
  for (LoggedStep& step : steps) {
    if (step.output.size() > kKeptOutput) step.output.erase(0, step.output.size() - kKeptOutput);
  }
  return steps;
}

std::vector<std::string> StepLog::warnings() const {
  return heard_.with([](const Heard& heard) { return heard.warnings; });
}

std::vector<StepTime> StepLog::slowest(std::size_t count) const {
  std::vector<StepTime> times;
  for (const LoggedStep& step : steps()) {
    if (step.seconds >= 0) times.push_back({step.name, step.seconds});
  }
  std::stable_sort(times.begin(), times.end(),
                   [](const auto& a, const auto& b) { return a.seconds > b.seconds; });
  if (times.size() > count) times.resize(count);
  return times;
}

}  // namespace cooper::report
