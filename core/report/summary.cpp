#include "report/summary.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "base/text.h"
#include "report/text_cells.h"

namespace cooper::report {
namespace {

constexpr double kNotable = 1;  // seconds
constexpr std::size_t kNameCells = 40;

std::string duration(double seconds) {
  if (seconds < 60) return fmt::format("{:.1f}s", seconds);
  const auto whole = static_cast<long>(seconds);
  return fmt::format("{}m{:02}s", whole / 60, whole % 60);
}

}  // namespace

std::string summary_line(const Summary& summary) {
  std::string line =
      fmt::format("built in {}: {} {} ran, {} cached", duration(summary.seconds), summary.steps_run,
                  summary.steps_run == 1 ? "step" : "steps", summary.steps_cached);
  if (summary.image) line += ", image " + summary.image->str();
  if (summary.image_size > 0) line += " " + base::human_size(summary.image_size);
  return line;
}

std::string slowest_line(const std::vector<StepTime>& slowest) {
  std::string line;
  for (const StepTime& step : slowest) {
    if (step.seconds < kNotable) continue;
    line += fmt::format("{}{} {}", line.empty() ? "slowest: " : ", ", fit_line(step.name, kNameCells),
                        duration(step.seconds));
  }
  return line;
}

void StepClock::emit(base::Event event) {
  using Kind = base::Event::Kind;
  const bool ends = event.kind == Kind::kDone || event.kind == Kind::kFailed;
  if (event.vertex >= 0 && (event.kind == Kind::kStarted || ends)) {
    steps_.with([&](std::vector<Step>& steps) {
      const auto index = static_cast<std::size_t>(event.vertex);
      if (steps.size() <= index) steps.resize(index + 1);
      Step& step = steps[index];
      step.name = event.name;
      if (!ends) step.started = event.time;
      if (ends && step.started != base::Clock::time_point()) {
        step.seconds = std::chrono::duration<double>(event.time - step.started).count();
      }
    });
  }
  next_.emit(std::move(event));
}

std::vector<StepTime> StepClock::slowest(std::size_t count) const {
  std::vector<StepTime> times = steps_.with([](const std::vector<Step>& steps) {
    std::vector<StepTime> measured;
    for (const Step& step : steps) {
      if (step.seconds >= 0) measured.push_back({step.name, step.seconds});
    }
    return measured;
  });
  std::stable_sort(times.begin(), times.end(),
                   [](const auto& a, const auto& b) { return a.seconds > b.seconds; });
  if (times.size() > count) times.resize(count);
  return times;
}

}  // namespace cooper::report
