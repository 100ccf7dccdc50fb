// A set of runes, as a pattern's class names them.
//
// Ranges may overlap while a set is put together; normalise() it before it is asked. A byte that is no UTF-8
// is a rune of its own beyond Unicode (invalid_byte()), so that literal text is compared byte by byte, while
// Go's expressions, which see U+FFFD there, include all of them.
#pragma once

#include <bitset>
#include <string_view>
#include <vector>

#include "context/go_text.h"

namespace cooper::context {

inline constexpr char32_t kLastRune = 0x10FFFF;
inline constexpr char32_t kLastInvalidByte = kLastRune + 0x100;

constexpr char32_t invalid_byte(unsigned char byte) {
  return kLastRune + 1 + byte;
}

// The first rune of `text`, where an invalid byte is invalid_byte().
inline Rune decode_exact_rune(std::string_view text) {
  Rune rune = decode_rune(text);
  if (rune.value == kRuneError && rune.width == 1)
    rune.value = invalid_byte(static_cast<unsigned char>(text[0]));
  return rune;
}

class RuneSet {
 public:
  void add(char32_t low, char32_t high);
  void add(const RuneSet& other);
  void add_all_but(RuneSet other);
  void negate();  // within Unicode
  void normalise();
  bool contains(char32_t rune) const { return rune < 128 ? ascii_.test(rune) : contains_wide(rune); }

 private:
  struct Range {
    char32_t low;
    char32_t high;
  };
  bool contains_wide(char32_t rune) const;

  std::vector<Range> ranges_;
  std::bitset<128> ascii_;
};

}  // namespace cooper::context
