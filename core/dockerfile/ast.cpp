#include "dockerfile/ast.h"

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "dockerfile/lexer.h"
#include "dockerfile/quote.h"

namespace cooper::dockerfile {

namespace {

void dump_node(const Node& node, std::string& text) {
  text += base::to_lower(node.keyword);
  if (!node.flags.empty()) text += " " + quote_list(node.flags);
  if (!node.trigger.empty()) {
    text += " (";
    dump_node(node.trigger[0], text);
    text += ")";
  }
  for (const std::string& word : node.words) text += " " + quote(word);
}

std::optional<Directive> find_directive(std::string_view text, int line, std::string_view mark,
                                        std::string_view wanted) {
  DirectiveReader reader(mark);
  while (!text.empty()) {
    std::size_t end = text.find('\n');
    std::string_view raw = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    std::optional<Directive> directive;
    try {
      directive = reader.read(raw, ++line);
    } catch (const base::Error&) {
      return std::nullopt;  // parse() will say what is wrong
    }
    if (directive && directive->name == wanted) return directive;
    if (reader.done()) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::string chomp_heredoc(std::string_view text) {
  std::string chomped;
  chomped.reserve(text.size());
  bool at_start = true;
  for (char c : text) {
    if (at_start && c == '\t') continue;
    chomped += c;
    at_start = c == '\n';
  }
  return chomped;
}

const Directive* Ast::directive(std::string_view name) const {
  for (const Directive& directive : directives) {
    if (directive.name == name) return &directive;
  }
  return nullptr;
}

SyntaxRequest detect_syntax(std::string_view text) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  int line = 0;
  if (text.substr(0, 2) == "#!") {
    std::size_t end = text.find('\n');
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    line = 1;
  }
  for (std::string_view mark : {"#", "//"}) {
    if (auto directive = find_directive(text, line, mark, "syntax")) {
      return {directive->value.substr(0, directive->value.find(' ')), directive->value, directive->line};
    }
  }
  constexpr std::size_t kMaxJson = std::size_t{1} << 20U;
  std::string_view trimmed = base::trim(text);
  if (trimmed.empty() || trimmed[0] != '{' || trimmed.size() > kMaxJson) return {};
  nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("syntax") || !json["syntax"].is_string()) return {};
  std::string value = json["syntax"].get<std::string>();
  return {value, value, line};
}

std::string dump(const Ast& ast) {
  std::string text;
  for (const Node& node : ast.nodes) {
    text += '(';
    dump_node(node, text);
    text += ")\n";
  }
  return text;
}

}  // namespace cooper::dockerfile
