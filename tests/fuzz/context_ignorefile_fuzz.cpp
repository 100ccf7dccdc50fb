// Any bytes as a .dockerignore: reading ends, and what is read can be read again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "context/pattern_matcher.h"

namespace base = cooper::base;
namespace context = cooper::context;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  try {
    const auto patterns =
        context::read_ignore_file(std::string_view(reinterpret_cast<const char*>(bytes), size));
    for (const std::string& pattern : patterns) {
      if (pattern.empty() || pattern.find('\n') != std::string::npos) std::abort();
    }
    const context::PatternMatcher matcher(patterns);
    matcher.matches_or_parent_matches("src/main.c");
  } catch (const base::Error&) {
  }
  return 0;
}
