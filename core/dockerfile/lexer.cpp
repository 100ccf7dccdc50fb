#include "dockerfile/lexer.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/text.h"
#include "dockerfile/unicode.h"

namespace cooper::dockerfile {

namespace {

constexpr std::size_t kMaxLine = 65535;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

[[noreturn]] void fail(const std::string& message, int line) {
  base::SourceRange range;
  range.start_line = line;
  range.end_line = line;
  throw base::Error(base::ErrorKind::kDockerfile, message).at(range);
}

std::string_view trim_line_break(std::string_view line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  return line;
}

bool is_comment(std::string_view line) {
  line = trim_space_left(line);
  return !line.empty() && line[0] == '#';
}

bool is_ascii_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}
bool is_ascii_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string_view skip_ascii_space(std::string_view text) {
  while (!text.empty() && is_ascii_space(text[0])) text.remove_prefix(1);
  return text;
}

// "name = value" → both, or nullopt. A value of nothing but blanks is its last blank.
std::optional<std::pair<std::string, std::string>> split_directive(std::string_view line) {
  std::size_t end = 0;
  while (end < line.size() &&
         (is_ascii_letter(line[end]) || (end > 0 && line[end] >= '0' && line[end] <= '9')))
    ++end;
  if (end == 0) return std::nullopt;
  std::string name = base::to_lower(line.substr(0, end));
  std::string_view rest = skip_ascii_space(line.substr(end));
  if (rest.empty() || rest[0] != '=' || rest.size() == 1) return std::nullopt;
  std::string_view value = skip_ascii_space(rest.substr(1));
  while (!value.empty() && is_ascii_space(value.back())) value.remove_suffix(1);
  if (value.empty()) value = rest.substr(rest.size() - 1);
  return std::pair(name, std::string(value));
}

}  // namespace

std::optional<Directive> DirectiveReader::read(std::string_view line, int number) {
  if (done_) return std::nullopt;
  done_ = true;
  if (line.substr(0, comment_mark_.size()) != comment_mark_) return std::nullopt;
  auto pair = split_directive(trim_space_left(line.substr(comment_mark_.size())));
  if (!pair) return std::nullopt;
  if (pair->first != "syntax" && pair->first != "escape" && pair->first != "check") return std::nullopt;
  if (std::find(seen_.begin(), seen_.end(), pair->first) != seen_.end()) {
    fail(fmt::format("parser directive '{}' is given twice", pair->first), number);
  }
  done_ = false;
  seen_.push_back(pair->first);
  return Directive{pair->first, pair->second, number};
}

std::optional<std::string_view> Lexer::physical_line() {
  if (rest_.empty()) return std::nullopt;
  std::size_t end = rest_.find('\n');
  std::string_view line = rest_.substr(0, end == std::string_view::npos ? end : end + 1);
  rest_.remove_prefix(line.size());
  ++line_number_;
  std::size_t length = line.back() == '\n' ? line.size() - 1 : line.size();
  if (length > kMaxLine) fail(fmt::format("line is longer than {} bytes", kMaxLine), line_number_);
  return line;
}

bool Lexer::take_directive(std::string_view line) {
  auto directive = directive_reader_.read(line, line_number_);
  if (!directive) return false;
  if (directive->name == "escape") {
    if (directive->value != "`" && directive->value != "\\") {
      fail(fmt::format("escape '{}' is neither ` nor \\", directive->value), line_number_);
    }
    escape_ = directive->value[0];
  }
  directives_.push_back(std::move(*directive));
  return true;
}

// The escape character, then only blanks, at the end; not after another escape character. Longer odd runs of
// it are not recognised, as in the reference.
bool Lexer::cut_continuation(std::string_view& line) const {
  std::string_view text = line;
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  if (text.empty() || text.back() != escape_) return false;
  text.remove_suffix(1);
  if (!text.empty() && text.back() == escape_) return false;
  line = text;
  return true;
}

void Lexer::join_continuations(LogicalLine& line) {
  while (auto physical = physical_line()) {
    std::string_view text = trim_line_break(*physical);
    take_directive(text);
    if (is_comment(text)) continue;
    if (trim_space_left(text).empty()) {
      line.had_empty_continuation = true;
      continue;
    }
    bool goes_on = cut_continuation(text);
    line.text += text;
    if (!goes_on) return;
  }
}

std::optional<LogicalLine> Lexer::next() {
  while (auto physical = physical_line()) {
    std::string_view raw = *physical;
    if (line_number_ == 1 && raw.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
      raw.remove_prefix(kByteOrderMark.size());
    }
    std::string_view text = trim_space_left(trim_line_break(raw));
    if (is_comment(raw)) {
      // The reference cuts one byte of the line before trimming it: an indented comment keeps its '#'.
      std::string comment(trim_space(raw.substr(1)));
      if (take_directive(text)) continue;
      if (comment.empty()) {
        comments_.clear();
      } else {
        comments_.push_back(std::move(comment));
      }
      continue;
    }
    take_directive(text);
    bool goes_on = cut_continuation(text);
    if (text.empty() && !goes_on) continue;
    LogicalLine line;
    line.text = std::string(text);
    line.lines.first = line_number_;
    if (goes_on) join_continuations(line);
    line.lines.last = line_number_;
    line.comments = std::move(comments_);
    comments_.clear();
    return line;
  }
  return std::nullopt;
}

bool Lexer::read_heredoc(Heredoc& heredoc) {
  while (auto physical = physical_line()) {
    std::string_view end = trim_line_break(*physical);
    if (heredoc.chomp) {
      while (!end.empty() && end[0] == '\t') end.remove_prefix(1);
    }
    if (end == heredoc.name) return true;
    heredoc.content += *physical;
  }
  return false;
}

}  // namespace cooper::dockerfile
