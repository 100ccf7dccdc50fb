#include "architecture/source_tree.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace cooper::test {
namespace {

namespace fs = std::filesystem;

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string module_of(const fs::path& relative) {
  auto part = relative.begin();
  if (*part != "core" || std::distance(part, relative.end()) < 3) return "";
  return (++part)->string();
}

// Blanks text from one place to another, but keeps line breaks so that line numbers stay right.
class Blanker {
 public:
  explicit Blanker(std::string_view text) : text_(text) {}

  std::string run() {
    while (at_ < text_.size()) step();
    return std::move(text_);
  }

 private:
  void step() {
    if (starts("//")) {
      blank_to(text_.find('\n', at_));
    } else if (starts("/*")) {
      const std::size_t end = text_.find("*/", at_ + 2);
      blank_to(end == std::string::npos ? end : end + 2);
    } else if (starts("R\"") && (at_ == 0 || !is_word(text_[at_ - 1]))) {
      blank_raw_string();
    } else if (text_[at_] == '"') {
      blank_literal('"');
    } else if (text_[at_] == '\'' && (at_ == 0 || !is_word(text_[at_ - 1]))) {  // otherwise 1'000
      blank_literal('\'');
    } else {
      ++at_;
    }
  }

  bool starts(std::string_view what) const { return std::string_view(text_).substr(at_).starts_with(what); }

  void blank_to(std::size_t end) {
    for (end = std::min(end, text_.size()); at_ < end; ++at_) {
      if (text_[at_] != '\n') text_[at_] = ' ';
    }
  }

  void blank_literal(char quote) {
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != quote && text_[end] != '\n') end += text_[end] == '\\' ? 2 : 1;
    blank_to(end + 1);
  }

  void blank_raw_string() {
    const std::size_t open = text_.find('(', at_);
    if (open == std::string::npos) return blank_to(open);
    const std::string close = ")" + text_.substr(at_ + 2, open - at_ - 2) + "\"";
    const std::size_t end = text_.find(close, open);
    blank_to(end == std::string::npos ? end : end + close.size());
  }

  std::string text_;
  std::size_t at_ = 0;
};

}  // namespace

std::size_t SourceFile::line_count() const {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::vector<SourceFile> read_sources(const std::string& root, const std::string& folder) {
  std::vector<SourceFile> files;
  for (const auto& item : fs::recursive_directory_iterator(fs::path(root) / folder)) {
    const std::string extension = item.path().extension().string();
    if (!item.is_regular_file() || (extension != ".h" && extension != ".cpp")) continue;
    const fs::path relative = item.path().lexically_relative(root);
    SourceFile file;
    file.path = relative.string();
    file.module = module_of(relative);
    file.text = read_text(item.path());
    file.code = blank_comments_and_literals(file.text);
    file.includes = find_includes(file.text);
    files.push_back(std::move(file));
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

std::string blank_comments_and_literals(std::string_view text) {
  return Blanker(text).run();
}

std::vector<std::string> find_includes(std::string_view text) {
  std::vector<std::string> includes;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string::npos || line[begin] != '#') continue;
    begin = line.find_first_not_of(" \t", begin + 1);
    if (begin == std::string::npos || line.compare(begin, 7, "include") != 0) continue;
    begin = line.find_first_of("<\"", begin);
    if (begin == std::string::npos) continue;
    const std::size_t end = line.find(line[begin] == '<' ? '>' : '"', begin + 1);
    if (end != std::string::npos) includes.push_back(line.substr(begin, end - begin + 1));
  }
  return includes;
}

std::vector<int> find_word(std::string_view code, std::string_view word) {
  const bool call = word.ends_with('(');
  if (call) word.remove_suffix(1);
  const bool qualified = word.find("::") != std::string_view::npos;
  std::vector<int> lines;
  for (std::size_t at = code.find(word); at != std::string_view::npos; at = code.find(word, at + 1)) {
    const std::string_view before = code.substr(0, at);
    const std::string_view after = code.substr(at + word.size());
    if ((!before.empty() && is_word(before.back())) || (!after.empty() && is_word(after.front()))) continue;
    if (before.ends_with('.') || before.ends_with("->")) continue;
    // Somebody's own function of that name: but std:: and the global one are what we look for.
    if (!qualified && before.ends_with("::") && !before.ends_with("std::") && before.size() > 2 &&
        is_word(before[before.size() - 3])) {
      continue;
    }
    if (call && !after.starts_with('(')) continue;
    lines.push_back(1 + static_cast<int>(std::count(before.begin(), before.end(), '\n')));
  }
  return lines;
}

std::map<std::string, std::set<std::string>> read_module_links(std::string_view cmake) {
  constexpr std::string_view kOpen = "cooper_module(";
  std::map<std::string, std::set<std::string>> links;
  for (std::size_t at = cmake.find(kOpen); at != std::string_view::npos; at = cmake.find(kOpen, at + 1)) {
    const std::size_t begin = at + kOpen.size();
    std::istringstream words{std::string(cmake.substr(begin, cmake.find(')', at) - begin))};
    std::string module;
    words >> module;
    std::set<std::string>& own = links[module];
    for (std::string word; words >> word;) {
      if (word.find(':') == std::string::npos) own.insert(word);
    }
  }
  return links;
}

namespace {

// Depth first; `path` is how we came here, `clean` what leads to no cycle.
std::string search(const std::map<std::string, std::set<std::string>>& edges, const std::string& node,
                   std::vector<std::string>& path, std::set<std::string>& clean) {
  const auto earlier = std::find(path.begin(), path.end(), node);
  if (earlier != path.end()) {
    std::string cycle;
    for (auto step = earlier; step != path.end(); ++step) cycle += *step + " → ";
    return cycle + node;
  }
  const auto targets = edges.find(node);
  if (targets == edges.end() || clean.contains(node)) return "";
  path.push_back(node);
  for (const std::string& target : targets->second) {
    if (std::string cycle = search(edges, target, path, clean); !cycle.empty()) return cycle;
  }
  path.pop_back();
  clean.insert(node);
  return "";
}

}  // namespace

std::string find_cycle(const std::map<std::string, std::set<std::string>>& edges) {
  std::set<std::string> clean;
  for (const auto& [node, targets] : edges) {
    std::vector<std::string> path;
    if (std::string cycle = search(edges, node, path, clean); !cycle.empty()) return cycle;
  }
  return "";
}

}  // namespace cooper::test
