// Go's path/filepath.Match on Unix: `*` and `?` stop at "/", `[a-z]` and `[^a-z]`, `\` escapes.
//
// A malformed pattern is found as far as Go reads it: to the end of the piece between two stars that does not
// match.
#include <algorithm>
#include <optional>

#include "base/error.h"
#include "context/go_text.h"
#include "context/pattern_matcher.h"

namespace cooper::context {
namespace {

// What follows an optional run of stars, up to the next star outside a class.
struct Chunk {
  bool star = false;
  std::string_view text;
};

Chunk take_chunk(std::string_view& pattern) {
  Chunk chunk;
  while (pattern.starts_with('*')) {
    pattern.remove_prefix(1);
    chunk.star = true;
  }
  bool in_class = false;
  std::size_t end = 0;
  for (; end < pattern.size(); ++end) {
    const char c = pattern[end];
    if (c == '\\') {
      if (end + 1 < pattern.size()) ++end;
    } else if (c == '[') {
      in_class = true;
    } else if (c == ']') {
      in_class = false;
    } else if (c == '*' && !in_class) {
      break;
    }
  }
  chunk.text = pattern.substr(0, end);
  pattern.remove_prefix(end);
  return chunk;
}

class ChunkMatcher {
 public:
  ChunkMatcher(std::string_view pattern, std::string_view chunk) : pattern_(pattern), chunk_(chunk) {}

  // What is left of `name` after the chunk, or nullopt when it does not begin with it. Reads the whole chunk
  // in either case, to find what is malformed.
  std::optional<std::string_view> match(std::string_view name) {
    bool failed = false;
    while (!chunk_.empty()) {
      failed = failed || name.empty();
      const char c = chunk_[0];
      if (c == '[') {
        const Rune rune = failed ? Rune{} : decode_rune(name);
        name.remove_prefix(rune.width);
        chunk_.remove_prefix(1);
        failed = !match_class(rune.value) || failed;
      } else if (c == '?') {
        failed = failed || name[0] == '/';
        if (!failed) name.remove_prefix(decode_rune(name).width);
        chunk_.remove_prefix(1);
      } else {
        if (c == '\\') chunk_.remove_prefix(1);
        if (chunk_.empty()) malformed();
        failed = failed || name[0] != chunk_[0];
        if (!failed) name.remove_prefix(1);
        chunk_.remove_prefix(1);
      }
    }
    if (failed) return std::nullopt;
    return name;
  }

 private:
  [[noreturn]] void malformed() const {
    throw base::Error(base::ErrorKind::kContext, "malformed pattern '" + std::string(pattern_) + "'")
        .hint("close every '[' and put something after a trailing '\\'");
  }

  bool match_class(char32_t rune) {
    const bool negated = chunk_.starts_with('^');
    if (negated) chunk_.remove_prefix(1);
    bool matched = false;
    for (std::size_t ranges = 0;; ++ranges) {
      if (chunk_.starts_with(']') && ranges > 0) break;
      const char32_t low = class_character();
      char32_t high = low;
      if (chunk_.starts_with('-')) {
        chunk_.remove_prefix(1);
        high = class_character();
      }
      matched = matched || (low <= rune && rune <= high);
    }
    chunk_.remove_prefix(1);
    return matched != negated;
  }

  char32_t class_character() {
    if (chunk_.empty() || chunk_[0] == '-' || chunk_[0] == ']') malformed();
    if (chunk_[0] == '\\') chunk_.remove_prefix(1);
    if (chunk_.empty()) malformed();
    const Rune rune = decode_rune(chunk_);
    if (rune.value == kRuneError && rune.width == 1) malformed();
    chunk_.remove_prefix(rune.width);
    if (chunk_.empty()) malformed();
    return rune.value;
  }

  std::string_view pattern_;
  std::string_view chunk_;
};

// Where a chunk after a star fits: the leftmost place suffices, except that the last chunk must end the name.
std::optional<std::string_view> match_after_star(std::string_view pattern, std::string_view chunk,
                                                 std::string_view name, bool last) {
  for (std::size_t skip = 0; skip < name.size() && name[skip] != '/'; ++skip) {
    auto rest = ChunkMatcher(pattern, chunk).match(name.substr(skip + 1));
    if (rest && !(last && !rest->empty())) return rest;
  }
  return std::nullopt;
}

}  // namespace

bool filepath_match(std::string_view pattern, std::string_view name) {
  const std::string_view whole = pattern;
  while (!pattern.empty()) {
    const Chunk chunk = take_chunk(pattern);
    if (chunk.star && chunk.text.empty()) return name.find('/') == std::string_view::npos;
    auto rest = ChunkMatcher(whole, chunk.text).match(name);
    if (rest && !rest->empty() && pattern.empty()) rest.reset();
    if (!rest && chunk.star) rest = match_after_star(whole, chunk.text, name, pattern.empty());
    if (!rest) return false;
    name = *rest;
  }
  return name.empty();
}

}  // namespace cooper::context
