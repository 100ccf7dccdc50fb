#include "report/summary.h"

#include <fmt/format.h>

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

}  // namespace cooper::report
