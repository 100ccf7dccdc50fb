#include "context/rune_set.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace cooper::context {

void RuneSet::add(char32_t low, char32_t high) {
  ranges_.push_back({low, high});
  for (char32_t rune = low; rune <= high && rune < 128; ++rune) ascii_.set(rune);
}

void RuneSet::add(const RuneSet& other) {
  for (const Range& range : other.ranges_) add(range.low, range.high);
}

void RuneSet::add_all_but(RuneSet other) {
  other.negate();
  add(other);
}

void RuneSet::normalise() {
  std::sort(ranges_.begin(), ranges_.end(), [](const Range& a, const Range& b) { return a.low < b.low; });
  std::vector<Range> merged;
  for (const Range& range : ranges_) {
    if (!merged.empty() && range.low <= merged.back().high + 1) {
      merged.back().high = std::max(merged.back().high, range.high);
    } else {
      merged.push_back(range);
    }
  }
  ranges_ = std::move(merged);
}

void RuneSet::negate() {
  normalise();
  const std::vector<Range> old = std::exchange(ranges_, {});
  ascii_.reset();
  char32_t next = 0;
  for (const Range& range : old) {
    if (range.low > next) add(next, range.low - 1);
    next = range.high + 1;
  }
  if (next <= kLastRune) add(next, kLastRune);
}

bool RuneSet::contains_wide(char32_t rune) const {
  auto after = std::upper_bound(ranges_.begin(), ranges_.end(), rune,
                                [](char32_t wanted, const Range& range) { return wanted < range.low; });
  return after != ranges_.begin() && rune <= std::prev(after)->high;
}

}  // namespace cooper::context
