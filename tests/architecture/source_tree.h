// The repository's C++ files as the architecture test sees them: lines, includes, and code without comments
// and strings.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace cooper::test {

struct SourceFile {
  std::string path;    // "core/graph/op.h"
  std::string module;  // "graph"; "" outside core
  std::string text;    // as it is
  std::string code;    // with comments, strings and character literals blanked; line breaks stay
  std::vector<std::string> includes;  // "<vector>" and "\"graph/op.h\"", delimiters kept

  bool is_header() const { return path.ends_with(".h"); }
  std::size_t line_count() const;
};

// All .h and .cpp files below `folder` ("core") of the repository at `root`, sorted by path.
std::vector<SourceFile> read_sources(const std::string& root, const std::string& folder);

// `text` with the content of comments, string and character literals replaced by blanks. Knows raw strings
// and digit separators.
std::string blank_comments_and_literals(std::string_view text);

// The lines that #include something, in order, delimiters kept.
std::vector<std::string> find_includes(std::string_view text);

// The numbers of the lines where `word` stands as a whole identifier in `code` and is no member (a.word,
// a->word). A word that contains "::" must be qualified like that; one that ends in "(" must be followed by a
// parenthesis.
std::vector<int> find_word(std::string_view code, std::string_view word);

// What `cooper_module(name dependency...)` lines of a CMakeLists.txt declare; only dependencies that are
// modules.
std::map<std::string, std::set<std::string>> read_module_links(std::string_view cmake);

// A cycle of the graph as "a → b → a", or "".
std::string find_cycle(const std::map<std::string, std::set<std::string>>& edges);

}  // namespace cooper::test
