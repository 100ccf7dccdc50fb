// A Dockerfile as written: instructions with their words, line numbers, heredocs and comments; nothing
// expanded yet.
//
// parse() follows the reference lexer to the letter, its quirks included, because the words decide digests.
// Unknown instructions parse; they fail when they are read as instructions (instruction.h).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace cooper::dockerfile {

// Lines of the source, counted from 1, both ends included.
struct Lines {
  int first = 0;
  int last = 0;

  bool operator==(const Lines&) const = default;
};

struct Heredoc {
  std::string name;         // the terminator, unquoted
  unsigned descriptor = 0;  // "3<<EOF"
  bool expand = true;       // false once any part of the word was quoted
  bool chomp = false;       // "<<-": leading tabs are dropped
  std::string content;      // as written, tabs included
};

// `text` without the leading tabs of each line.
std::string chomp_heredoc(std::string_view text);

struct Node {
  std::string keyword;             // as written: "FROM", "from"
  std::vector<std::string> flags;  // "--from=build", quotes removed
  std::vector<std::string> words;  // what follows; ENV and LABEL: key, value, "=" or "" in turn
  std::vector<Node> trigger;       // ONBUILD's instruction: one node or none
  bool json = false;               // the words came from a JSON array
  std::string original;            // continuation lines joined, comments dropped
  std::vector<Heredoc> heredocs;
  std::vector<std::string> comments;  // the comment lines above, without '#'
  Lines lines;
};

struct ParseWarning {
  std::string message;
  Lines lines;
};

// "# syntax=…", "# escape=…", "# check=…".
struct Directive {
  std::string name;
  std::string value;
  int line = 0;
};

// The file itself, shared by what is made from it.
struct Source {
  std::string filename;
  std::string text;
  char escape = '\\';
};

struct Ast {
  std::shared_ptr<const Source> source;
  std::vector<Node> nodes;
  std::vector<ParseWarning> warnings;
  std::vector<Directive> directives;

  const Directive* directive(std::string_view name) const;
};

// What a file may hold at most; far beyond what people write, so that hostile input stays cheap.
inline constexpr std::size_t kMaxFileSize = std::size_t{4} << 20U;
inline constexpr std::size_t kMaxInstructions = 20000;
inline constexpr std::size_t kMaxStages = 5000;

// Throws Error{kDockerfile} with the place and, where there is one, a suggestion.
Ast parse(std::string_view text, const std::string& filename);

// What a "# syntax=" line, a "// syntax=" line or a JSON object asks for; `reference` is empty without one.
struct SyntaxRequest {
  std::string reference;
  std::string command_line;  // the whole value
  int line = 0;
};
SyntaxRequest detect_syntax(std::string_view text);

// The tree as s-expressions, for tests and debugging.
std::string dump(const Ast& ast);

// Adds the place to an error that has none, or only lines of this file: `object` when that is found in
// `lines`, by default what the message quotes, else the first line's instruction.
base::Error located(base::Error error, const Source& source, Lines lines, std::string_view object = {});

}  // namespace cooper::dockerfile
