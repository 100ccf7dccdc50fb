// A live display: the steps that run with their last output, those that ended above them, redrawn in place.
//
// A frame is a block of lines at the bottom of the screen that fits it; each replaces the last one with a
// single write, erasing only what it does not cover, so nothing flickers. Notes scroll away above it. The
// last frame has all steps and stays.
#include <algorithm>
#include <fmt/format.h>
#include <utility>
#include <vector>

#include "base/text.h"
#include "report/failure.h"
#include "report/note.h"
#include "report/renderer.h"
#include "report/text_cells.h"
#include "report/tty_frame.h"

namespace cooper::report {
namespace {

constexpr int kLiveNotes = 3;

class TtyRenderer final : public Renderer {
 public:
  TtyRenderer(Output& output, SourceReader sources) : output_(output), sources_(std::move(sources)) {}
  ~TtyRenderer() override {
    if (cursor_hidden_) output_.write("\x1b[?25h");
  }

  void event(const base::Event& event) override {
    using Kind = base::Event::Kind;
    steps_.apply(event);
    if (event.kind == Kind::kNote || event.kind == Kind::kWarning) add_note(event);
  }

  void tick(TimePoint now) override {
    if (steps_.began() == TimePoint()) return;
    const TerminalSize size = output_.size();
    draw(live_lines(now, size), size.columns);
  }

  void finish(const base::Error* failure, TimePoint now) override {
    const char* title = failure == nullptr                               ? "Finished"
                        : failure->kind() == base::ErrorKind::kCancelled ? "Cancelled"
                                                                         : "Failed";
    if (steps_.began() != TimePoint()) draw(final_frame(steps_, now, title), output_.size().columns);
    std::string text = std::exchange(cursor_hidden_, false) ? "\x1b[?25h" : "";
    for (const std::string& note : notes_) text += note + '\n';
    if (failure != nullptr)
      text += render_failure(*failure, steps_.first_failed(), sources_, output_.has_color());
    if (!text.empty()) output_.write(text);
  }

  std::chrono::milliseconds interval() const override { return std::chrono::milliseconds(100); }

 private:
  // One line of the frame each.
  void add_note(const base::Event& event) {
    for (std::string& line : base::split(render_note(event), '\n')) notes_.push_back(std::move(line));
  }

  // The steps and, while there is room, the last notes.
  std::vector<FrameLine> live_lines(TimePoint now, TerminalSize size) {
    const int notes = std::min({kLiveNotes, size.rows / 4, static_cast<int>(notes_.size())});
    size.rows -= notes;
    std::vector<FrameLine> lines = live_frame(steps_, now, "Building", size);
    for (auto note = notes_.end() - notes; note != notes_.end(); ++note) {
      lines.push_back({*note, {}, FrameLine::Style::kNormal});
    }
    return lines;
  }

  void draw(const std::vector<FrameLine>& lines, int columns) {
    std::string text = std::exchange(cursor_hidden_, true) ? "" : "\x1b[?25l";
    if (drawn_ > 0) text += fmt::format("\x1b[{}A", drawn_);
    text += '\r';
    for (const FrameLine& line : lines) {
      text += paint(line, static_cast<std::size_t>(std::max(columns, 1)), output_.has_color()) + "\x1b[K\n";
    }
    // What is left of a taller frame.
    if (lines.size() < drawn_) text += "\x1b[J";
    drawn_ = lines.size();
    output_.write(text);
  }

  Output& output_;
  SourceReader sources_;
  Steps steps_;
  std::vector<std::string> notes_;
  std::size_t drawn_ = 0;  // lines of the frame on the screen
  bool cursor_hidden_ = false;
};

}  // namespace

std::unique_ptr<Renderer> make_tty_renderer(Output& output, SourceReader sources) {
  return std::make_unique<TtyRenderer>(output, std::move(sources));
}

}  // namespace cooper::report
