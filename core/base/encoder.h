// Canonical, length-framed encoding for keys: no separator that content could imitate.
//
// Every field is tagged with its label and framed by its length, so two different sequences of calls never
// give the same bytes. The format is part of the cache's schema: changing it must change kKeySchema in
// cache/.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"

namespace cooper::base {

class Encoder {
 public:
  Encoder& field(std::string_view label, std::string_view value);
  Encoder& field(std::string_view label, std::int64_t value);
  Encoder& field(std::string_view label, const Digest& value);
  Encoder& field(std::string_view label, const std::vector<std::string>& values);
  // Opens a list of `count` elements; the elements follow as fields of their own.
  Encoder& list(std::string_view label, std::size_t count);

  const std::string& bytes() const { return bytes_; }
  Digest digest() const { return sha256(bytes_); }

 private:
  void frame(char type, std::string_view label, std::string_view value);
  std::string bytes_;
};

}  // namespace cooper::base
