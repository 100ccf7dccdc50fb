// Progress as lines that are only ever appended: for the logs of CI jobs, and for files.
//
// Every line says which step it belongs to ("#7"), in the form that BuildKit's plain output has, so that what
// people and tools know of it holds. Numbers are given in the order in which steps first have something to
// say.
#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <utility>

#include "base/text.h"
#include "report/failure.h"
#include "report/note.h"
#include "report/renderer.h"
#include "report/text_cells.h"

namespace cooper::report {
namespace {

using std::chrono::seconds;

constexpr seconds kSilence(30);          // until a step is reported to be still running
constexpr seconds kTransferInterval(5);  // between two lines of one transfer
constexpr std::uint64_t kSmallTransfer = 1 << 20;

// Four significant digits in five characters, as BuildKit has it: "0.123", "12.35", "123.4", "12345".
std::string timestamp(double value) {
  std::string text = fmt::format("{:.3f}", value);
  if (text.size() > 5) text.resize(text[4] == '.' ? 4 : 5);
  if (value >= 9999.5) text = fmt::format("{:.0f}", value);
  return text;
}

class PlainRenderer final : public Renderer {
 public:
  PlainRenderer(Output& output, SourceReader sources) : output_(output), sources_(std::move(sources)) {}

  void event(const base::Event& event) override;
  void tick(TimePoint now) override;
  void finish(const base::Error* failure, TimePoint now) override;

 private:
  int number(const Step& step);
  void line(const Step& step, std::string_view text);
  void show_log(const Step& step, const std::vector<std::string>& lines, TimePoint now);
  void show_transfer(Step& step, const std::string& name, TimePoint now);
  void show_end(const Step& step);
  void show_note(const base::Event& event);

  Output& output_;
  SourceReader sources_;
  Steps steps_;
  std::map<int, int> numbers_;           // vertex → number
  std::map<int, TimePoint> heartbeats_;  // of running steps: when it was last said that they run
  bool after_step_ = false;              // the last line was a step's
  bool blank_ = true;                    // nothing is above, or a blank line
};

// Opens the step's part of the log when it is named for the first time.
int PlainRenderer::number(const Step& step) {
  auto [found, is_new] = numbers_.try_emplace(step.vertex, static_cast<int>(numbers_.size()) + 1);
  if (is_new) {
    const std::string name = clean_line(step.name, Colors::kRemove);
    output_.write(fmt::format("{}#{} {}\n", blank_ ? "" : "\n", found->second, name));
    blank_ = false;
    after_step_ = true;
  }
  return found->second;
}

void PlainRenderer::line(const Step& step, std::string_view text) {
  const int id = number(step);
  output_.write(fmt::format("#{} {}\n", id, text));
  after_step_ = true;
}

void PlainRenderer::event(const base::Event& event) {
  using Kind = base::Event::Kind;
  const std::vector<std::string> lines = steps_.apply(event);
  Step* step = steps_.find(event.vertex);
  if (event.kind == Kind::kNote || event.kind == Kind::kWarning) return show_note(event);
  if (step == nullptr) return;
  show_log(*step, lines, event.time);
  switch (event.kind) {
    case Kind::kStarted:
      number(*step);
      break;
    case Kind::kExplain:
      line(*step, "not cached: " + clean_line(event.text, Colors::kRemove));
      break;
    case Kind::kProgress:
      show_transfer(*step, event.name, event.time);
      break;
    case Kind::kCached:
    case Kind::kDone:
    case Kind::kFailed:
    case Kind::kCancelled:
      show_end(*step);
      break;
    default:
      break;
  }
}

void PlainRenderer::show_log(const Step& step, const std::vector<std::string>& lines, TimePoint now) {
  if (lines.empty()) return;
  const int id = number(step);
  const std::string time = timestamp(seconds_between(step.started, now));
  std::string text;
  for (const std::string& one : lines)
    text += fmt::format("#{} {} {}\n", id, time, clean_line(one, Colors::kKeep));
  output_.write(text);
}

void PlainRenderer::show_transfer(Step& step, const std::string& name, TimePoint now) {
  for (Transfer& transfer : step.transfers) {
    if (transfer.name != name) continue;
    const bool due = now - transfer.shown >= kTransferInterval;
    // What is over in a moment would only fill the log.
    const bool notable = transfer.current >= kSmallTransfer || now - transfer.started >= seconds(1);
    if (!(transfer.finished ? notable : due)) return;
    std::string text =
        fmt::format("{} {}", clean_line(name, Colors::kRemove), base::human_size(transfer.current));
    if (!transfer.finished && transfer.total > 0) text += " / " + base::human_size(transfer.total);
    text +=
        fmt::format(" {:.1f}s{}", seconds_between(transfer.started, now), transfer.finished ? " done" : "");
    transfer.shown = now;
    line(step, text);
    return;
  }
}

void PlainRenderer::show_end(const Step& step) {
  heartbeats_.erase(step.vertex);
  switch (step.state) {
    case Step::State::kCached:
      return line(step, step.text.empty() ? "CACHED" : "CACHED (" + step.text + ")");
    case Step::State::kDone:
      return line(step, fmt::format("DONE {:.1f}s", step.seconds(step.ended)));
    case Step::State::kFailed:
      return line(step, "ERROR: " + clean_line(step.text, Colors::kRemove));
    // Of steps that never began there is nothing to say.
    case Step::State::kCancelled:
      if (numbers_.count(step.vertex) > 0) line(step, "CANCELED");
      return;
    default:
      return;
  }
}

void PlainRenderer::show_note(const base::Event& event) {
  const std::string text = render_note(event);
  if (const Step* step = steps_.find(event.vertex)) return line(*step, text);
  output_.write((std::exchange(after_step_, false) ? "\n" : "") + text + "\n");
  blank_ = false;
}

void PlainRenderer::tick(TimePoint now) {
  for (const auto& [vertex, step] : steps_.all()) {
    if (step.state != Step::State::kRunning) continue;
    const TimePoint last = std::max(step.last_sign, heartbeats_[vertex]);
    if (now - last < kSilence) continue;
    heartbeats_[vertex] = now;
    const StepName name = split_step_name(step.name);
    const bool named = name.rest.size() < step.name.size();
    const std::string label = named ? step.name.substr(0, step.name.find(']') + 1) : fit_line(step.name, 60);
    line(step,
         fmt::format("{} still running ({:.1f}s)", clean_line(label, Colors::kRemove), step.seconds(now)));
  }
}

void PlainRenderer::finish(const base::Error* failure, TimePoint /*now*/) {
  if (failure == nullptr) return;
  if (!blank_) output_.write("\n");
  output_.write(render_failure(*failure, steps_.first_failed(), sources_, output_.has_color()));
}

// Says nothing while things go well.
class QuietRenderer final : public Renderer {
 public:
  QuietRenderer(Output& output, SourceReader sources) : output_(output), sources_(std::move(sources)) {}

  void event(const base::Event& event) override { steps_.apply(event); }
  void finish(const base::Error* failure, TimePoint /*now*/) override {
    if (failure == nullptr) return;
    output_.write(render_failure(*failure, steps_.first_failed(), sources_, output_.has_color()));
  }

 private:
  Output& output_;
  SourceReader sources_;
  Steps steps_;
};

}  // namespace

std::unique_ptr<Renderer> make_plain_renderer(Output& output, SourceReader sources) {
  return std::make_unique<PlainRenderer>(output, std::move(sources));
}

std::unique_ptr<Renderer> make_quiet_renderer(Output& output, SourceReader sources) {
  return std::make_unique<QuietRenderer>(output, std::move(sources));
}

}  // namespace cooper::report
