// From bytes to logical lines: continuation lines joined, comments dropped, directives recognised.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dockerfile/ast.h"

namespace cooper::dockerfile {

// Reads "# name=value" lines until the first line that is none.
class DirectiveReader {
 public:
  explicit DirectiveReader(std::string_view comment_mark = "#") : comment_mark_(comment_mark) {}

  // The directive on `line`, or nullopt, which after the first time is for good. Throws Error{kDockerfile}
  // for a repeated one.
  std::optional<Directive> read(std::string_view line, int number);
  bool done() const { return done_; }

 private:
  std::string_view comment_mark_;
  bool done_ = false;
  std::vector<std::string> seen_;
};

struct LogicalLine {
  std::string text;
  Lines lines;
  std::vector<std::string> comments;
  bool had_empty_continuation = false;
};

class Lexer {
 public:
  // `text` must outlive the lexer.
  explicit Lexer(std::string_view text) : rest_(text) {}

  // The next instruction's line; nullopt at the end.
  std::optional<LogicalLine> next();
  // The physical lines up to the one that ends `heredoc`, as its content; false when there is none.
  bool read_heredoc(Heredoc& heredoc);

  int line_number() const { return line_number_; }
  char escape() const { return escape_; }
  const std::vector<Directive>& directives() const { return directives_; }

 private:
  std::optional<std::string_view> physical_line();  // with its line break
  bool take_directive(std::string_view line);
  void join_continuations(LogicalLine& line);
  bool cut_continuation(std::string_view& line) const;

  std::string_view rest_;
  int line_number_ = 0;
  char escape_ = '\\';
  DirectiveReader directive_reader_;
  std::vector<Directive> directives_;
  std::vector<std::string> comments_;
};

}  // namespace cooper::dockerfile
