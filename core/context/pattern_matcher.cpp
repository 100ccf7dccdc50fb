#include "context/pattern_matcher.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/error.h"
#include "context/automaton.h"
#include "context/go_regexp.h"
#include "context/go_text.h"
#include "context/program.h"

namespace cooper::context {
namespace {

enum class MatchKind { kExact, kPrefix, kSuffix, kRegexp };

// The regular expression that moby's matcher makes of a glob, and which shortcut it takes instead where it
// can. The shortcuts are part of the behaviour: they compare bytes, and "**/a" matches "a" as well.
class Translation {
 public:
  explicit Translation(std::string_view pattern) : rest_(pattern) {
    // text/scanner drops a byte order mark at the start.
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
    for (bool first = true; !rest_.empty(); first = false) translate_one(first);
    if (kind_ == MatchKind::kRegexp) expression_ += '$';
  }

  MatchKind kind() const { return kind_; }
  const std::string& expression() const { return expression_; }

 private:
  char32_t take() {
    const Rune rune = decode_rune(rest_);
    rest_.remove_prefix(rune.width);
    return rune.value;
  }

  void translate_one(bool first) {
    const char32_t rune = take();
    if (rune == '*' && rest_.starts_with('*')) {
      translate_double_star(first);
    } else if (rune == '*') {
      expression_ += "[^/]*";
      kind_ = MatchKind::kRegexp;
    } else if (rune == '?') {
      expression_ += "[^/]";
      kind_ = MatchKind::kRegexp;
    } else if (rune < 0x80 &&
               std::string_view(".+()|{}$").find(static_cast<char>(rune)) != std::string_view::npos) {
      expression_ += '\\';
      append_rune(expression_, rune);
    } else if (rune == '\\') {
      expression_ += '\\';
      if (rest_.empty()) return;
      append_rune(expression_, take());
      kind_ = MatchKind::kRegexp;
    } else {
      if (rune == '[' || rune == ']') kind_ = MatchKind::kRegexp;
      append_rune(expression_, rune);
    }
  }

  void translate_double_star(bool first) {
    rest_.remove_prefix(1);
    if (rest_.starts_with('/')) rest_.remove_prefix(1);  // "**/" is "**"
    if (!rest_.empty()) {
      expression_ += "(.*/)?";
      kind_ = MatchKind::kRegexp;
    } else if (kind_ == MatchKind::kExact) {
      kind_ = MatchKind::kPrefix;
    } else {
      expression_ += ".*";
      kind_ = MatchKind::kRegexp;
    }
    if (first) kind_ = MatchKind::kSuffix;
  }

  std::string_view rest_;
  std::string expression_ = "^";
  MatchKind kind_ = MatchKind::kExact;
};

struct Pattern {
  std::string text;
  bool exclusion = false;
  // What the glob allows and the expression does not ("[b-a]") fails when the pattern is first asked, as in
  // moby.
  std::string refused;
};

Program compile(std::string_view text) {
  const Translation translation(text);
  switch (translation.kind()) {
    case MatchKind::kExact:
      return exact_program(text);
    case MatchKind::kPrefix:
      return prefix_program(text.substr(0, text.size() - 2));
    case MatchKind::kSuffix:
      return suffix_program(text.substr(2));
    case MatchKind::kRegexp:
      return compile_go_regexp(translation.expression());
  }
  return {};
}

// Whether filepath.Dir(path) is other than ".": without one there is no parent to look at.
bool has_parent(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return false;
  return path.find("./") == std::string_view::npos || go_clean(path.substr(0, slash + 1)) != ".";
}

// A program that matches nothing: the end of the text, and then a rune.
Program never() {
  Program program;
  program.items.push_back({Op::kEnd, {}});
  program.items.push_back({Op::kSet, {}});
  return program;
}

}  // namespace

struct PatternMatcher::Impl {
  explicit Impl(const std::vector<std::string>& texts) : automaton(compile_all(texts)) {}

  std::vector<Program> compile_all(const std::vector<std::string>& texts);
  Program add(std::string text);
  // The patterns that `path` matches (or a parent of it), with those that cannot be asked, ascending.
  std::vector<std::uint32_t> candidates(std::string_view path, bool parents) const;
  // Whether pattern `index`, one of the candidates, decides while the answer is `matched`. Throws when it
  // cannot be asked.
  bool decides(std::uint32_t index, bool matched) const;

  std::vector<Pattern> patterns;
  std::vector<std::uint32_t> refused;
  bool exclusions = false;
  Automaton automaton;
};

std::vector<Program> PatternMatcher::Impl::compile_all(const std::vector<std::string>& texts) {
  std::vector<Program> programs;
  for (const std::string& text : texts) {
    const std::string_view trimmed = trim_space(text);
    if (!trimmed.empty()) programs.push_back(add(go_clean(trimmed)));
  }
  return programs;
}

Program PatternMatcher::Impl::add(std::string text) {
  Pattern pattern;
  pattern.exclusion = text[0] == '!';
  if (pattern.exclusion) text.erase(0, 1);
  if (text.empty()) {
    throw base::Error(base::ErrorKind::kContext, "illegal exclusion pattern '!'")
        .hint("name what to include after the '!'");
  }
  filepath_match(text, ".");  // throws where the glob itself is malformed
  exclusions = exclusions || pattern.exclusion;
  Program program;
  try {
    program = compile(text);
  } catch (const base::Error& error) {
    pattern.refused = error.message();
    refused.push_back(static_cast<std::uint32_t>(patterns.size()));
    program = never();
  }
  pattern.text = std::move(text);
  patterns.push_back(std::move(pattern));
  return program;
}

std::vector<std::uint32_t> PatternMatcher::Impl::candidates(std::string_view path, bool parents) const {
  std::vector<std::uint32_t> found = automaton.match(path, parents);
  if (!refused.empty()) {
    found.insert(found.end(), refused.begin(), refused.end());
    std::sort(found.begin(), found.end());
  }
  return found;
}

bool PatternMatcher::Impl::decides(std::uint32_t index, bool matched) const {
  const Pattern& pattern = patterns[index];
  // Only what could change the answer is asked.
  if (pattern.exclusion != matched) return false;
  if (!pattern.refused.empty()) {
    throw base::Error(base::ErrorKind::kContext,
                      "malformed pattern '" + pattern.text + "': " + pattern.refused);
  }
  return true;
}

PatternMatcher::PatternMatcher(const std::vector<std::string>& patterns)
    : impl_(std::make_unique<Impl>(patterns)) {}
PatternMatcher::~PatternMatcher() = default;
PatternMatcher::PatternMatcher(PatternMatcher&&) noexcept = default;

bool PatternMatcher::has_exclusions() const {
  return impl_->exclusions;
}
bool PatternMatcher::empty() const {
  return impl_->patterns.empty();
}

bool PatternMatcher::may_include_below(const std::string& directory) const {
  if (!impl_->exclusions) return false;
  // A pattern that cannot be asked must come to be asked, to be reported.
  if (!impl_->refused.empty()) return true;
  const std::vector<std::uint32_t> live = impl_->automaton.live(directory + '/');
  return std::any_of(live.begin(), live.end(),
                     [this](std::uint32_t index) { return impl_->patterns[index].exclusion; });
}

bool PatternMatcher::matches_or_parent_matches(const std::string& path) const {
  bool matched = false;
  for (const std::uint32_t index : impl_->candidates(path, has_parent(path))) {
    if (impl_->decides(index, matched)) matched = !matched;
  }
  return matched;
}

bool PatternMatcher::matches(const std::string& path, const ParentState& parent, ParentState& state) const {
  const std::size_t count = impl_->patterns.size();
  const bool parent_known = !parent.matched.empty();
  if (parent_known && parent.matched.size() != count) {
    throw base::Error(base::ErrorKind::kInternal, "the parent's state is of another pattern matcher");
  }
  const std::vector<std::uint32_t> found = impl_->candidates(path, !parent_known && has_parent(path));
  std::vector<bool> own = parent_known ? parent.matched : std::vector<bool>(count);
  bool matched = false;
  auto candidate = found.begin();
  for (std::uint32_t i = 0; i < count; ++i) {
    const bool asked = candidate != found.end() && *candidate == i;
    if (asked) ++candidate;
    if (own[i]) {
      matched = !impl_->patterns[i].exclusion;
    } else if (asked && impl_->decides(i, matched)) {
      own[i] = true;
      matched = !matched;
    }
  }
  state.matched = std::move(own);
  return matched;
}

}  // namespace cooper::context
