#include "report/tty_frame.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <utility>

#include "base/text.h"
#include "report/text_cells.h"

namespace cooper::report {
namespace {

using Style = FrameLine::Style;

constexpr std::size_t kLogLines = 6;       // of one running step
constexpr std::size_t kTransferLines = 8;  // of one step
constexpr int kSmallestRows = 4;

// How much of each kind there is room for.
struct Room {
  std::size_t ended = static_cast<std::size_t>(-1);
  std::size_t running = static_cast<std::size_t>(-1);
  std::size_t below = kLogLines;  // lines of output and transfers under each running step
};

bool is_shown(const Step& step) {
  return step.state == Step::State::kRunning || (step.finished() && step.state != Step::State::kCancelled) ||
         (step.state == Step::State::kCancelled && step.ended != step.started);
}

FrameLine step_line(const Step& step, TimePoint now, bool grouped) {
  const StepName name = split_step_name(step.name);
  FrameLine line;
  std::string label = step.name;
  if (grouped && !name.stage.empty()) {
    label = name.position.empty() ? name.rest : fmt::format("[{}] {}", name.position, name.rest);
  }
  line.left = fmt::format("{} => {}", grouped ? " " : "", label);
  const std::string time = fmt::format("{:.1f}s", step.seconds(now));
  switch (step.state) {
    case Step::State::kCached:
      line.right = "CACHED";
      line.style = Style::kCached;
      break;
    case Step::State::kFailed:
      line.right = "ERROR " + time;
      line.style = Style::kFailed;
      break;
    case Step::State::kCancelled:
      line.right = "CANCELED " + time;
      line.style = Style::kFaint;
      break;
    case Step::State::kDone:
      line.right = time;
      line.style = Style::kDone;
      break;
    default:
      line.right = time;
      line.style = Style::kRunning;
  }
  return line;
}

std::string bar(const Transfer& transfer) {
  if (transfer.total == 0) return base::human_size(transfer.current);
  return fmt::format("{} / {}", base::human_size(transfer.current), base::human_size(transfer.total));
}

// What a running step does right now: transfers first, then its last output.
void append_below(const Step& step, TimePoint now, std::size_t room, std::vector<FrameLine>& lines) {
  std::size_t transfers = 0;
  for (const Transfer& transfer : step.transfers) {
    if (transfer.finished || transfers == std::min(room, kTransferLines)) continue;
    ++transfers;
    lines.push_back({fmt::format("   => => {}  {}", transfer.name, bar(transfer)),
                     fmt::format("{:.1f}s", seconds_between(transfer.started, now)), Style::kNormal});
  }
  const auto& tail = step.tail.lines();
  const std::size_t count = std::min({tail.size(), kLogLines, room - transfers});
  for (std::size_t i = tail.size() - count; i < tail.size(); ++i) {
    lines.push_back({"     | " + tail[i].text, {}, Style::kFaint});
  }
}

struct Group {
  std::string stage;
  std::vector<const Step*> steps;
};

// By stage, in the order of the definition. Without stages there is one group without a name.
std::vector<Group> group(Steps& steps) {
  std::vector<Group> groups;
  for (const auto& [vertex, step] : steps.all()) {
    if (!is_shown(step)) continue;
    const std::string stage = split_step_name(step.name).stage;
    auto found =
        std::find_if(groups.begin(), groups.end(), [&](const Group& one) { return one.stage == stage; });
    if (found == groups.end()) found = groups.insert(groups.end(), Group{stage, {}});
    found->steps.push_back(&step);
  }
  return groups;
}

// The ended steps that there is room for: the latest.
std::vector<const Step*> hidden_ended(const std::vector<Group>& groups, std::size_t room) {
  std::vector<const Step*> ended;
  for (const Group& one : groups) {
    std::copy_if(one.steps.begin(), one.steps.end(), std::back_inserter(ended),
                 [](const Step* step) { return step->finished() && step->state != Step::State::kFailed; });
  }
  std::stable_sort(ended.begin(), ended.end(),
                   [](const Step* a, const Step* b) { return a->ended < b->ended; });
  ended.resize(ended.size() - std::min(room, ended.size()));
  return ended;
}

std::vector<FrameLine> build(Steps& steps, TimePoint now, const char* title, const Room& room) {
  const std::vector<Group> groups = group(steps);
  const std::vector<const Step*> hidden = hidden_ended(groups, room.ended);
  std::vector<FrameLine> lines;
  lines.push_back({fmt::format("[+] {} {:.1f}s ({}/{})", title, seconds_between(steps.began(), now),
                               steps.finished(), steps.all().size()),
                   hidden.empty() ? "" : fmt::format("{} ended, not shown", hidden.size()), Style::kNormal});
  std::size_t running = 0;
  std::size_t waiting = 0;
  for (const Group& one : groups) {
    bool titled = one.stage.empty();
    for (const Step* step : one.steps) {
      if (std::find(hidden.begin(), hidden.end(), step) != hidden.end()) continue;
      const bool runs = step->state == Step::State::kRunning;
      if (runs && running++ >= room.running) {
        ++waiting;
        continue;
      }
      if (!std::exchange(titled, true)) lines.push_back({" " + one.stage, {}, Style::kNormal});
      lines.push_back(step_line(*step, now, !one.stage.empty()));
      if (!step->explanation.empty() && room.below > 0) {
        lines.push_back({"     not cached: " + step->explanation, {}, Style::kFaint});
      }
      if (runs) append_below(*step, now, room.below, lines);
    }
  }
  if (waiting > 0) lines.push_back({fmt::format(" … and {} more running", waiting), {}, Style::kFaint});
  return lines;
}

const char* color_of(Style style) {
  switch (style) {
    case Style::kDone:
    case Style::kCached:
      return "\x1b[34m";
    case Style::kFailed:
      return "\x1b[31m";
    case Style::kFaint:
      return "\x1b[90m";
    case Style::kRunning:
    case Style::kNormal:
      return "";
  }
  return "";
}

}  // namespace

std::vector<FrameLine> live_frame(Steps& steps, TimePoint now, const char* title, TerminalSize size) {
  const auto rows = static_cast<std::size_t>(std::max(size.rows, kSmallestRows) - 1);
  Room room;
  std::vector<FrameLine> lines = build(steps, now, title, room);
  // Ended steps give way first. One more try a line is cheap: a screen has few.
  if (lines.size() > rows) {
    room.ended = rows;
    while (room.ended > 0 && build(steps, now, title, room).size() > rows) --room.ended;
    while (room.below > 0 && build(steps, now, title, room).size() > rows) --room.below;
    lines = build(steps, now, title, room);
  }
  for (room.running = rows; lines.size() > rows && room.running > 0; --room.running) {
    lines = build(steps, now, title, room);
  }
  if (lines.size() > rows) lines.resize(rows);
  return lines;
}

std::vector<FrameLine> final_frame(Steps& steps, TimePoint now, const char* title) {
  return build(steps, now, title, Room());
}

std::string paint(const FrameLine& line, std::size_t columns, bool color) {
  const std::string right = fit_line(line.right, columns);
  const std::size_t taken = right.empty() ? 0 : cell_width(right) + 1;
  const std::string left = fit_line(line.left, columns - std::min(columns, taken));
  std::string text = left;
  if (!right.empty()) {
    text.append(columns - std::min(columns, cell_width(left) + cell_width(right)), ' ');
    text += right;
  }
  const std::string_view start = color ? color_of(line.style) : "";
  return start.empty() ? text : std::string(start) + text + "\x1b[0m";
}

}  // namespace cooper::report
