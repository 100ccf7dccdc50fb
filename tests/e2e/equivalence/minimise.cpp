#include <algorithm>

#include "tests/e2e/equivalence/trial.h"

namespace cooper::equivalence {
namespace {

class Minimiser {
 public:
  Minimiser(const Surroundings& surroundings, const std::string& parent, int budget)
      : surroundings_(surroundings), parent_(parent), budget_(budget) {}

  Case minimise(Case life) {
    best_ = std::move(life);
    drop_states();
    // Large portions first: most parts have nothing to do with it.
    for (std::size_t portion = std::max<std::size_t>(parts(best_).size() / 2, 1); portion > 0; portion /= 2) {
      drop_parts(portion);
    }
    drop_means();
    return best_;
  }

 private:
  bool still_fails(const Case& smaller) {
    if (budget_ <= 0) return false;
    --budget_;
    const Verdict verdict = try_case(surroundings_, smaller, parent_);
    if (!verdict.difference) return false;
    best_ = smaller;
    best_.states.resize(verdict.difference->state + 1);
    return true;
  }

  void drop_states() {
    for (std::size_t i = 0; best_.states.size() > 1 && i + 1 < best_.states.size();) {
      Case smaller = best_;
      smaller.states.erase(smaller.states.begin() + static_cast<std::ptrdiff_t>(i));
      if (!still_fails(smaller)) ++i;
    }
  }

  void drop_parts(std::size_t portion) {
    const std::vector<int> ids = parts(best_);
    for (std::size_t begin = 0; begin < ids.size(); begin += portion) {
      const std::size_t end = std::min(begin + portion, ids.size());
      still_fails(without(best_, {ids.begin() + static_cast<std::ptrdiff_t>(begin),
                                  ids.begin() + static_cast<std::ptrdiff_t>(end)}));
    }
  }

  void drop_means() {
    for (bool Case::*means :
         {&Case::builds_twice_at_once, &Case::pushes, &Case::has_registry_cache, &Case::has_directory_cache,
          &Case::keeps_store, &Case::has_dockerfile_in_context}) {
      if (!(best_.*means)) continue;
      Case smaller = best_;
      smaller.*means = false;
      still_fails(smaller);
    }
  }

  const Surroundings& surroundings_;
  const std::string& parent_;
  int budget_;
  Case best_;
};

}  // namespace

Case minimise(const Surroundings& surroundings, const Case& life, const std::string& parent, int budget) {
  return Minimiser(surroundings, parent, budget).minimise(life);
}

}  // namespace cooper::equivalence
