#include "report/steps.h"

#include <algorithm>

namespace cooper::report {
namespace {

// More at a time are not shown; a step with as many has long been followed by others.
constexpr std::size_t kMostTransfers = 256;

bool is_position(std::string_view text) {
  const std::size_t slash = text.find('/');
  return slash != std::string_view::npos && slash > 0 && slash + 1 < text.size() &&
         text.find_first_not_of("0123456789/") == std::string_view::npos;
}

}  // namespace

double seconds_between(TimePoint from, TimePoint to) {
  return std::chrono::duration<double>(to - from).count();
}

double Step::seconds(TimePoint now) const {
  if (state == State::kPlanned || started == TimePoint()) return 0;
  return std::max(0.0, seconds_between(started, finished() ? ended : now));
}

StepName split_step_name(const std::string& name) {
  StepName parts;
  const std::size_t close = name.find(']');
  if (!name.starts_with('[') || close == std::string::npos) {
    parts.rest = name;
    return parts;
  }
  parts.stage = name.substr(1, close - 1);
  parts.rest = name.substr(std::min(close + 2, name.size()));
  const std::size_t space = parts.stage.rfind(' ');
  const std::string last = space == std::string::npos ? parts.stage : parts.stage.substr(space + 1);
  if (is_position(last)) {
    parts.position = last;
    parts.stage.resize(space == std::string::npos ? 0 : space);
  }
  return parts;
}

std::vector<std::string> Steps::apply(const base::Event& event) {
  using Kind = base::Event::Kind;
  std::vector<std::string> lines;
  if (!any_) began_ = event.time;
  any_ = true;
  if (event.vertex < 0) return lines;
  Step& step = steps_[event.vertex];
  step.vertex = event.vertex;
  if (step.name.empty() && event.kind != Kind::kProgress) step.name = event.name;
  if (event.range.start_line > 0) step.range = event.range;
  // Output without a start is no reason to lose it.
  if (event.kind == Kind::kLog && step.started == TimePoint()) step.started = event.time;
  switch (event.kind) {
    case Kind::kStarted:
      step.state = Step::State::kRunning;
      step.started = step.last_sign = event.time;
      break;
    case Kind::kLog:
      step.last_sign = event.time;
      step.splitters_[event.stream == 2 ? 1 : 0].write(event.text, lines);
      break;
    case Kind::kExplain:
      step.explanation = event.text;
      break;
    case Kind::kProgress:
      move(step, event);
      break;
    case Kind::kCached:
      end(step, Step::State::kCached, event, lines);
      break;
    case Kind::kDone:
      end(step, Step::State::kDone, event, lines);
      break;
    case Kind::kFailed:
      end(step, Step::State::kFailed, event, lines);
      break;
    case Kind::kCancelled:
      end(step, Step::State::kCancelled, event, lines);
      break;
    case Kind::kPlanned:
    case Kind::kNote:
    case Kind::kWarning:
      break;
  }
  for (const std::string& line : lines) step.tail.add(seconds_between(step.started, event.time), line);
  if (step.finished() && step.state != Step::State::kFailed) step.tail.clear();
  return lines;
}

void Steps::move(Step& step, const base::Event& event) {
  step.last_sign = event.time;
  auto found = std::find_if(step.transfers.begin(), step.transfers.end(),
                            [&](const Transfer& transfer) { return transfer.name == event.name; });
  if (found == step.transfers.end()) {
    if (step.transfers.size() >= kMostTransfers) step.transfers.erase(step.transfers.begin());
    step.transfers.push_back({event.name, 0, 0, event.time, event.time, false});
    found = step.transfers.end() - 1;
  }
  found->current = event.current;
  found->total = event.total;
  found->finished = event.total > 0 && event.current >= event.total;
}

void Steps::end(Step& step, Step::State state, const base::Event& event, std::vector<std::string>& lines) {
  for (LineSplitter& splitter : step.splitters_) splitter.flush(lines);
  if (step.started == TimePoint()) step.started = event.time;
  step.state = state;
  step.ended = event.time;
  step.text = event.text;
  if (state == Step::State::kFailed && failed_ < 0) failed_ = step.vertex;
}

Step* Steps::find(int vertex) {
  auto found = steps_.find(vertex);
  return found == steps_.end() ? nullptr : &found->second;
}

const Step* Steps::first_failed() const {
  auto found = steps_.find(failed_);
  return found == steps_.end() ? nullptr : &found->second;
}

std::size_t Steps::finished() const {
  return static_cast<std::size_t>(
      std::count_if(steps_.begin(), steps_.end(), [](const auto& entry) { return entry.second.finished(); }));
}

}  // namespace cooper::report
