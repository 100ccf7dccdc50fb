// Any bytes as patterns and paths: only Error may come of them, and the two ways of asking agree.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "context/pattern_matcher.h"

namespace base = cooper::base;
namespace context = cooper::context;

// Patterns, one a line; behind a NUL byte paths, one a line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view data(reinterpret_cast<const char*>(bytes), size);
  const std::size_t end = data.find('\0');
  const std::vector<std::string> patterns = base::split(data.substr(0, end), '\n');
  const auto paths =
      base::split(end == std::string_view::npos ? std::string_view("a/b") : data.substr(end + 1), '\n');
  try {
    const context::PatternMatcher matcher(patterns);
    for (const std::string& path : paths) {
      const bool direct = matcher.matches_or_parent_matches(path);
      context::PatternMatcher::ParentState state;
      if (matcher.matches(path, {}, state) != direct) std::abort();
      if (!matcher.empty()) matcher.may_include_below(path);
    }
  } catch (const base::Error&) {
  }
  for (const std::string& pattern : patterns) {
    try {
      context::filepath_match(pattern, paths.front());
    } catch (const base::Error&) {
    }
  }
  return 0;
}
