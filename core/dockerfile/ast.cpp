#include "dockerfile/ast.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "dockerfile/lexer.h"
#include "dockerfile/quote.h"

namespace cooper::dockerfile {

namespace {

std::string_view line_at(std::string_view text, int number) {
  for (int i = 1; i < number && !text.empty(); ++i) {
    std::size_t end = text.find('\n');
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  std::string_view line = text.substr(0, text.find('\n'));
  while (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

int characters(std::string_view text) {
  auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; };
  return static_cast<int>(std::count_if(text.begin(), text.end(), begins));
}

// What `message` may be about, best first: what it puts in single quotes, then flags that it names. What was
// cut short counts as far as it goes; a path is also looked for as a relative one.
std::vector<std::string_view> objects_of(std::string_view message) {
  constexpr std::string_view kCut = "…";
  std::vector<std::string_view> objects;
  auto add = [&](std::string_view object) {
    if (object.size() > kCut.size() && object.substr(object.size() - kCut.size()) == kCut)
      object.remove_suffix(kCut.size());
    if (!object.empty()) objects.push_back(object);
    if (object.size() > 1 && object[0] == '/') objects.push_back(object.substr(1));
  };
  std::string_view rest = message;
  while (true) {
    std::size_t begin = rest.find('\'');
    std::size_t end = begin == std::string_view::npos ? begin : rest.find('\'', begin + 1);
    if (end == std::string_view::npos) break;
    add(rest.substr(begin + 1, end - begin - 1));
    rest.remove_prefix(end + 1);
  }
  for (std::size_t flag = message.find("--"); flag != std::string_view::npos;
       flag = message.find("--", flag + 2))
    add(message.substr(flag, message.find_first_of(" ',", flag) - flag));
  return objects;
}

// Where `object` stands in `line`; rather as a word of its own than as part of another.
std::size_t find_word(std::string_view line, std::string_view object) {
  auto joins = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.';
  };
  for (std::size_t at = line.find(object); at != std::string_view::npos; at = line.find(object, at + 1)) {
    std::size_t end = at + object.size();
    bool joined = (at > 0 && joins(line[at - 1]) && joins(object.front())) ||
                  (end < line.size() && joins(line[end]) && joins(object.back()));
    if (!joined) return at;
  }
  return line.find(object);
}

struct Place {
  std::string_view line;
  int number = 0;
  std::size_t column = std::string_view::npos;  // byte
};

// The first of `objects` that stands in `lines`, else the start of the first line.
Place find_place(const Source& source, Lines lines, const std::vector<std::string_view>& objects) {
  constexpr int kMaxLines = 100;
  Place start{line_at(source.text, lines.first), lines.first, std::string_view::npos};
  start.column = start.line.find_first_not_of(" \t");
  for (std::string_view object : objects) {
    for (int number = lines.first; number <= lines.last && number < lines.first + kMaxLines; ++number) {
      std::string_view line = line_at(source.text, number);
      std::size_t column = find_word(line, object);
      if (column != std::string_view::npos) return {line, number, column};
    }
  }
  return start;
}

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

base::Error located(base::Error error, const Source& source, Lines lines, std::string_view object) {
  bool is_known = error.range() && !error.range()->file.empty();
  if (is_known && (error.range()->file != source.filename || error.range()->start_column > 0)) return error;
  base::SourceRange range;
  range.file = source.filename;
  range.start_line = lines.first;
  range.end_line = lines.last;
  if (lines.first > 0) {
    constexpr std::size_t kMaxExcerpt = 200;
    std::vector<std::string_view> objects = objects_of(error.message());
    if (!object.empty()) objects.insert(objects.begin(), object);
    Place place = find_place(source, lines, objects);
    range.start_line = place.number;
    if (place.column != std::string_view::npos && place.column < kMaxExcerpt)
      range.start_column = characters(place.line.substr(0, place.column)) + 1;
    range.excerpt = std::string(place.line.substr(0, kMaxExcerpt));
    for (char& c : range.excerpt) {
      if (c == '\t') c = ' ';  // so that the caret stands below its column
    }
  }
  error.at(range);
  return error;
}

}  // namespace cooper::dockerfile
