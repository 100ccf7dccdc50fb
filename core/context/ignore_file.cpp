// Reading a .dockerignore, as moby/patternmatcher/ignorefile does.
#include <string>

#include "base/error.h"
#include "context/go_text.h"
#include "context/pattern_matcher.h"

namespace cooper::context {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
// bufio.Scanner gives up at a longer line, so no ignore file that works elsewhere has one.
constexpr std::size_t kLongestLine = 64 << 10;

std::string read_pattern(std::string_view line) {
  line = trim_space(line);
  const bool exclusion = line.starts_with('!');
  if (exclusion) line = trim_space(line.substr(1));
  std::string pattern(exclusion ? "!" : "");
  if (line.empty()) return pattern;
  const std::string clean = go_clean(line);
  pattern += clean.size() > 1 && clean[0] == '/' ? clean.substr(1) : clean;
  return pattern;
}

}  // namespace

std::vector<std::string> read_ignore_file(std::string_view text) {
  std::vector<std::string> patterns;
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.size() >= kLongestLine) {
      throw base::Error(base::ErrorKind::kContext,
                        "line " + std::to_string(number) + " of the ignore file is longer than 64 KiB");
    }
    if (line.starts_with('#')) continue;
    std::string pattern = read_pattern(line);
    if (!pattern.empty()) patterns.push_back(std::move(pattern));
  }
  return patterns;
}

}  // namespace cooper::context
