// Logical lines to nodes: keyword, flags, words, heredocs.
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/text.h"
#include "dockerfile/ast.h"
#include "dockerfile/heredoc.h"
#include "dockerfile/json_words.h"
#include "dockerfile/lexer.h"
#include "dockerfile/unicode.h"

namespace cooper::dockerfile {

namespace {

// ONBUILD ONBUILD … is an error later on; until then it must not exhaust the stack.
constexpr int kMaxTriggers = 16;

[[noreturn]] void fail(const std::string& message, const char* hint = nullptr) {
  base::Error error(base::ErrorKind::kDockerfile, message);
  if (hint != nullptr) error.hint(hint);
  throw error;
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r';
}

// Splits at runs of blanks, into at most `limit` pieces (0: any number). Leading and trailing blanks give "".
std::vector<std::string> split_blanks(std::string_view text, std::size_t limit = 0) {
  std::vector<std::string> pieces;
  while (limit == 0 || pieces.size() + 1 < limit) {
    auto begin = std::find_if(text.begin(), text.end(), is_blank);
    if (begin == text.end()) break;
    auto end = std::find_if_not(begin, text.end(), is_blank);
    pieces.emplace_back(text.begin(), begin);
    text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
  }
  pieces.emplace_back(text);
  return pieces;
}

// Takes the leading "--flag" words off `text`. Here the escape is always a backslash.
std::vector<std::string> take_flags(std::string_view& text) {
  std::vector<std::string> flags;
  std::size_t position = 0;
  auto space = [](char c) {
    return is_space(static_cast<unsigned char>(c)) && static_cast<unsigned char>(c) < 0x80;
  };
  while (true) {
    while (position < text.size() && space(text[position])) ++position;
    if (text.substr(position, 2) != "--") break;
    std::string word;
    bool quoted = false;
    char quote = 0;
    for (; position < text.size() && (quote != 0 || !space(text[position])); ++position) {
      char c = text[position];
      if (quote != 0 && c == quote) {
        quote = 0;
      } else if (quote == 0 && (c == '\'' || c == '"')) {
        quote = c;
        quoted = true;
      } else if (c == '\\') {
        if (position + 1 < text.size()) word += text[++position];
      } else {
        word += c;
      }
    }
    if (word == "--") break;
    if (quoted || !word.empty()) flags.push_back(std::move(word));
  }
  text.remove_prefix(position);
  return flags;
}

// Words with their quotes and escapes kept; those are for the expansion.
class WordReader {
 public:
  WordReader(std::string_view text, char escape) : text_(text), escape_(escape) {}

  std::vector<std::string> read() {
    while (position_ < text_.size()) {
      Decoded next = decode_utf8(text_.substr(position_));
      if (is_space(next.code)) {
        position_ += next.width;
      } else {
        word();
      }
    }
    return std::move(words_);
  }

 private:
  void word() {
    std::string word;
    bool quoted = false;
    char quote = 0;
    while (position_ < text_.size()) {
      Decoded next = decode_utf8(text_.substr(position_));
      if (quote == 0 && is_space(next.code)) break;
      bool escapes = text_[position_] == escape_ && quote != '\'';
      if (quote == 0 && (text_[position_] == '\'' || text_[position_] == '"')) {
        quote = text_[position_];
        quoted = true;
      } else if (quote != 0 && text_[position_] == quote) {
        quote = 0;
      } else if (escapes) {
        if (position_ + 1 == text_.size()) {  // an escape at the very end is dropped
          ++position_;
          break;
        }
        word += escape_;
        ++position_;
        next = decode_utf8(text_.substr(position_));
      }
      append_utf8(word, next.code);
      position_ += next.width;
    }
    if (quoted || !word.empty()) words_.push_back(std::move(word));
  }

  std::string_view text_;
  char escape_;
  std::size_t position_ = 0;
  std::vector<std::string> words_;
};

void parse_pairs(Node& node, std::string_view text, const std::string& keyword, char escape) {
  std::vector<std::string> words = WordReader(text, escape).read();
  if (words.empty()) return;
  if (words[0].find('=') == std::string::npos) {
    std::vector<std::string> parts = split_blanks(text, 2);
    if (parts.size() < 2) {
      throw base::Error(base::ErrorKind::kDockerfile,
                        fmt::format("{} gives '{}' no value", keyword, parts[0]))
          .hint(fmt::format("write it as {}=value", parts[0]));
    }
    node.words = {parts[0], parts[1], ""};
    return;
  }
  for (const std::string& word : words) {
    std::size_t equals = word.find('=');
    if (equals == std::string::npos) {
      fail(fmt::format("'{}' has no '='", word), "write it as NAME=value, and quote values that hold blanks");
    }
    node.words.push_back(word.substr(0, equals));
    node.words.push_back(word.substr(equals + 1));
    node.words.push_back("=");
  }
}

// True when `text` was a JSON array, whose strings are then added to the words.
bool parse_json(Node& node, std::string_view text) {
  auto words = json_words(text);
  if (!words) return false;
  node.json = true;
  for (std::string& word : *words) node.words.push_back(std::move(word));
  return true;
}

void parse_healthcheck(Node& node, std::string_view text) {
  auto space = [](char c) { return is_space(static_cast<unsigned char>(c)); };
  auto end = std::find_if(text.begin(), text.end(), space);
  if (end == text.begin()) return;
  node.words.emplace_back(text.begin(), end);
  auto rest = std::find_if_not(end, text.end(), space);
  std::string_view command = text.substr(static_cast<std::size_t>(rest - text.begin()));
  if (!command.empty() && !parse_json(node, command)) node.words.emplace_back(command);
}

Node parse_line(std::string_view line, char escape, int depth);

void parse_words(Node& node, const std::string& keyword, std::string_view text, char escape, int depth) {
  if (keyword == "ENV" || keyword == "LABEL") {
    parse_pairs(node, text, keyword, escape);
  } else if (keyword == "ARG") {
    node.words = WordReader(text, escape).read();
  } else if (keyword == "ONBUILD") {
    if (!text.empty() && depth < kMaxTriggers) node.trigger.push_back(parse_line(text, escape, depth + 1));
  } else if (keyword == "HEALTHCHECK") {
    parse_healthcheck(node, text);
  } else if (keyword == "FROM" || keyword == "EXPOSE") {
    if (!text.empty()) node.words = split_blanks(text);
  } else if (keyword == "ADD" || keyword == "COPY" || keyword == "VOLUME") {
    if (!parse_json(node, text) && !text.empty()) node.words = split_blanks(text);
  } else if (keyword == "RUN" || keyword == "CMD" || keyword == "ENTRYPOINT" || keyword == "SHELL") {
    if (!text.empty() && !parse_json(node, text)) node.words.emplace_back(text);
  } else if (keyword == "MAINTAINER" || keyword == "STOPSIGNAL" || keyword == "USER" ||
             keyword == "WORKDIR") {
    if (!text.empty()) node.words.emplace_back(text);
  } else {
    node.words.emplace_back();  // unknown: the arguments mean nothing
  }
}

Node parse_line(std::string_view line, char escape, int depth) {
  Node node;
  node.original = std::string(line);
  std::vector<std::string> parts = split_blanks(trim_space(line), 2);
  node.keyword = parts[0];
  std::string_view rest;
  if (parts.size() == 2) {
    rest = parts[1];
    node.flags = take_flags(rest);
  }
  parse_words(node, base::to_upper(node.keyword), trim_space(rest), escape, depth);
  return node;
}

bool takes_heredocs(const Node& node) {
  const Node& inner =
      base::to_upper(node.keyword) == "ONBUILD" && !node.trigger.empty() ? node.trigger[0] : node;
  std::string keyword = base::to_upper(inner.keyword);
  return (keyword == "ADD" || keyword == "COPY" || keyword == "RUN") && !inner.json;
}

void read_heredocs(Lexer& lexer, Node& node) {
  if (!takes_heredocs(node) || node.original.find("<<") == std::string::npos) return;
  for (Heredoc& heredoc : heredocs_in_line(node.original)) {
    if (!lexer.read_heredoc(heredoc)) {
      fail(fmt::format("heredoc '{}' is not terminated", heredoc.name),
           "end it with a line that holds only its name");
    }
    node.heredocs.push_back(std::move(heredoc));
  }
}

void parse_all(Lexer& lexer, const Source& source, Ast& ast) {
  while (auto line = lexer.next()) {
    if (line->had_empty_continuation) {
      ast.warnings.push_back(
          {"Empty continuation line found in: " + line->text, {line->lines.last, line->lines.last}});
    }
    try {
      if (ast.nodes.size() == kMaxInstructions)
        fail(fmt::format("file holds more than {} instructions", kMaxInstructions));
      Node node = parse_line(line->text, lexer.escape(), 0);
      read_heredocs(lexer, node);
      node.comments = std::move(line->comments);
      node.lines = {line->lines.first, lexer.line_number()};
      ast.nodes.push_back(std::move(node));
    } catch (base::Error& error) {
      throw located(error, source, line->lines);
    }
  }
  if (!ast.nodes.empty()) return;
  base::Error error(base::ErrorKind::kDockerfile, "file with no instructions");
  throw located(error.hint("start it with FROM"), source, {lexer.line_number(), lexer.line_number()});
}

}  // namespace

Ast parse(std::string_view text, const std::string& filename) {
  auto source = std::make_shared<Source>();
  source->filename = filename;
  source->text = std::string(text.substr(0, kMaxFileSize + 1));
  Ast ast;
  ast.source = source;
  Lexer lexer(source->text);
  try {
    if (text.size() > kMaxFileSize) fail(fmt::format("file is larger than {} bytes", kMaxFileSize));
    parse_all(lexer, *source, ast);
  } catch (base::Error& error) {
    if (error.range() && !error.range()->file.empty()) throw;
    int line = error.range() ? error.range()->start_line : 0;
    throw located(error, *source, {line, line});
  }
  source->escape = lexer.escape();
  ast.directives = lexer.directives();
  return ast;
}

}  // namespace cooper::dockerfile
