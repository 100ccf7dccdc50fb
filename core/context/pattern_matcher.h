// Patterns of .dockerignore and of --exclude, as moby/patternmatcher matches them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cooper::context {

// Reads an ignore file: BOM dropped, "#" in column 1 is a comment, lines trimmed, cleaned, leading slash
// dropped, "!" kept.
std::vector<std::string> read_ignore_file(std::string_view text);

class PatternMatcher {
 public:
  // Throws Error{kContext} naming a bad pattern.
  explicit PatternMatcher(const std::vector<std::string>& patterns);
  ~PatternMatcher();
  PatternMatcher(PatternMatcher&&) noexcept;

  // What is known about a directory, handed down a walk so that each path costs its own patterns only.
  struct ParentState {
    std::vector<bool> matched;  // per pattern
  };

  // Whether `path` (relative, "/") is matched by itself or through a parent; last match wins.
  bool matches_or_parent_matches(const std::string& path) const;
  // The same during a walk: `parent` is the state of the directory that holds `path`, `state` receives that
  // of `path`.
  bool matches(const std::string& path, const ParentState& parent, ParentState& state) const;
  // Whether an exclusion could bring back something below the ignored `directory`. Paths below one that is
  // ignored stay so unless a later "!" pattern matches them, so nothing is missed where this is false.
  bool may_include_below(const std::string& directory) const;
  bool has_exclusions() const;  // a "!" pattern: an ignored directory must still be looked into
  bool empty() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Go's path/filepath.Match. Throws Error{kContext} for a malformed pattern.
bool filepath_match(std::string_view pattern, std::string_view name);

}  // namespace cooper::context
