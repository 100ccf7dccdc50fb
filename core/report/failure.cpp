#include "report/failure.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

#include "base/text.h"
#include "report/text_cells.h"

namespace cooper::report {
namespace {

constexpr int kContextLines = 2;
constexpr int kLongestExcerpt = 30;  // lines from the first marked one
constexpr std::string_view kRule = "--------------------\n";

std::string render_tail(const Step& step, Colors colors) {
  if (step.tail.lines().empty()) return {};
  std::string text = fmt::format("------\n > {}:\n", clean_line(step.name, Colors::kRemove));
  if (step.tail.total() > step.tail.lines().size()) {
    text += fmt::format("   (the last {} of {} lines; all are above)\n", step.tail.lines().size(),
                        step.tail.total());
  }
  for (const LogTail::Line& line : step.tail.lines()) {
    text += fmt::format("{:.3f} {}\n", line.seconds, clean_line(line.text, colors));
  }
  return text + "------\n";
}

// Below the marked line, a caret at `column` (in characters, from 1) of `line`.
std::string render_caret(std::string_view line, int column) {
  std::string text = "     |     ";
  for (int position = 1; position < column && !line.empty(); ++position) {
    std::size_t bytes = 1;
    while (bytes < line.size() && (static_cast<unsigned char>(line[bytes]) & 0xC0U) == 0x80) ++bytes;
    const std::string shown = clean_line(line.substr(0, bytes), Colors::kRemove);
    // A tab stays one, so that the caret moves as the line above does.
    text += shown == "\t" ? shown : std::string(cell_width(shown), ' ');
    line.remove_prefix(bytes);
  }
  return text + "^\n";
}

std::string render_source(const base::SourceRange& range, const SourceReader& sources) {
  if (range.file.empty() || range.start_line <= 0) return {};
  const auto whole = sources ? sources(range.file) : std::nullopt;
  if (whole) return render_excerpt(*whole, range);
  if (range.excerpt.empty()) return {};
  std::string text = fmt::format("{}:{}\n{}{:4} | >>> {}\n", range.file, range.start_line, kRule,
                                 range.start_line, clean_line(range.excerpt, Colors::kRemove));
  if (range.start_column > 0) text += render_caret(range.excerpt, range.start_column);
  return text + std::string(kRule);
}

}  // namespace

std::string render_excerpt(const std::string& text, const base::SourceRange& range) {
  const std::vector<std::string> lines = base::split(text, '\n');
  int count = static_cast<int>(lines.size());
  if (count > 0 && lines.back().empty()) --count;  // what follows the last line break is no line
  const int last_marked = std::min(std::max(range.end_line, range.start_line), count);
  const int first = std::max(1, range.start_line - kContextLines);
  const int longest = range.start_line + kLongestExcerpt - 1;
  const int last = std::min({count, last_marked + kContextLines, longest});
  if (range.start_line > count) return {};
  std::string excerpt = fmt::format("{}:{}\n{}", range.file, range.start_line, kRule);
  for (int number = first; number <= last; ++number) {
    const bool marked = number >= range.start_line && number <= last_marked;
    const std::string& source = lines[static_cast<std::size_t>(number - 1)];
    std::string line =
        fmt::format("{:4} | {} {}", number, marked ? ">>>" : "   ", clean_line(source, Colors::kRemove));
    while (line.ends_with(' ')) line.pop_back();
    excerpt += line + '\n';
    if (number == range.start_line && range.start_column > 0)
      excerpt += render_caret(source, range.start_column);
  }
  if (last < last_marked) excerpt += fmt::format("     | … and {} more lines\n", last_marked - last);
  return excerpt + std::string(kRule);
}

std::string render_failure(const base::Error& error, const Step* step, const SourceReader& sources,
                           bool color) {
  std::string text;
  if (error.kind() != base::ErrorKind::kCancelled) {
    if (step != nullptr) text += render_tail(*step, color ? Colors::kKeep : Colors::kRemove);
    base::SourceRange range = error.range().value_or(base::SourceRange());
    if (range.start_line == 0 && step != nullptr) {
      range = step->range;
      range.start_column = 0;  // the whole step failed, not a word of it
    }
    text += render_source(range, sources);
  }
  const char* red = color ? "\x1b[31m" : "";
  const char* reset = color ? "\x1b[0m" : "";
  std::string where;
  if (error.range() && !error.range()->file.empty()) {
    where = error.range()->file + ":";
    if (error.range()->start_line > 0) where += fmt::format("{}:", error.range()->start_line);
    if (error.range()->start_column > 0) where += fmt::format("{}:", error.range()->start_column);
    where += " ";
  }
  text += fmt::format("{}error:{} {}{}\n", red, reset, where, clean_line(error.summary(), Colors::kRemove));
  if (!error.hint().empty()) text += fmt::format("hint: {}\n", error.hint());
  return text;
}

}  // namespace cooper::report
