// Random choices that depend on a seed and on nothing else: the same case comes out on every machine.
//
// The standard library's distributions differ between implementations, so only its engine is used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace cooper::equivalence {

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : engine_(seed) {}

  // From 0 to `count` - 1.
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(engine_() % count); }
  bool one_in(std::size_t count) { return below(count) == 0; }

  template <typename T>
  const T& of(const std::vector<T>& choices) {
    return choices[below(choices.size())];
  }
  std::string of(std::initializer_list<const char*> choices) {
    return *(choices.begin() + below(choices.size()));
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace cooper::equivalence
