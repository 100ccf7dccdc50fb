// Runs all patterns of an ignore file over a path at once.
//
// A path costs one table look-up a byte, however many patterns there are: the sets of positions that the
// patterns can be in are states of an automaton that is built as paths ask for it. States are kept within a
// budget of memory; past it the sets are followed without being kept, so that no pattern and no path costs
// more than patterns × length. Safe to use from several threads: states never change once they can be
// reached, only their transitions are filled in.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "context/program.h"

namespace cooper::context {

class Automaton {
 public:
  explicit Automaton(std::vector<Program> programs);
  ~Automaton();
  Automaton(Automaton&&) noexcept;

  // The indices of the programs that match `text`, ascending; with `parents` also those that match what is
  // before any of its slashes.
  std::vector<std::uint32_t> match(std::string_view text, bool parents) const;
  // The programs that match `text` already or could once more follows it.
  std::vector<std::uint32_t> live(std::string_view text) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cooper::context
