// What each COPY takes from its context, found once per build: the key hashes it, and the copy then takes the
// very same.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "ops/copy.h"

namespace cooper::ops {

using Selections = std::shared_ptr<const std::vector<Selection>>;

class SelectionMemo {
 public:
  // The selections of one action of a vertex; `make` finds them the first time. Two threads that ask at once
  // may both make them; both get what was kept first.
  Selections find_or_make(int vertex, std::size_t action,
                          const std::function<std::vector<Selection>()>& make);

 private:
  base::Guarded<std::map<std::pair<int, std::size_t>, Selections>> known_;
};

struct Services;

// The selections of a COPY from a build context, every file with its content digest; remembered in
// services.selections where there is one.
Selections select_from_context(int vertex, std::size_t action, const graph::CopyAction& copy,
                               const snapshot::TreeView& context, Services& services);

}  // namespace cooper::ops
