// Where in the file an error is: the words that it speaks of, as far as they stand there.
#include <algorithm>
#include <cctype>
#include <string_view>
#include <vector>

#include "dockerfile/ast.h"

namespace cooper::dockerfile {

namespace {

// `text` without the lines before `number`.
std::string_view from_line(std::string_view text, int number) {
  for (int i = 1; i < number && !text.empty(); ++i) {
    std::size_t end = text.find('\n');
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return text;
}

std::string_view take_line(std::string_view& text) {
  std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
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
  constexpr std::size_t kMaxObjects = 8;
  std::vector<std::string_view> objects;
  auto add = [&](std::string_view object) {
    if (objects.size() >= kMaxObjects) return;
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
  std::vector<Place> places;
  std::string_view rest = from_line(source.text, lines.first);
  for (int number = lines.first; number <= std::min(lines.last, lines.first + kMaxLines) || places.empty();
       ++number)
    places.push_back({take_line(rest), number, std::string_view::npos});
  for (std::string_view object : objects) {
    for (const Place& place : places) {
      std::size_t column = find_word(place.line, object);
      if (column != std::string_view::npos) return {place.line, place.number, column};
    }
  }
  places.front().column = places.front().line.find_first_not_of(" \t");
  return places.front();
}

}  // namespace

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
