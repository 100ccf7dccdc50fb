// What vertices yield: a stack of layers, or a build context.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "snapshot/layer.h"
#include "snapshot/tree_view.h"
#include "solver/interfaces.h"

namespace cooper::ops {

struct StackResult final : solver::Result {
  snapshot::LayerStack stack;         // base first
  std::vector<std::int64_t> created;  // when each was made, seconds since the epoch; 0 for layers of an image
  bool is_shared = false;             // the last layer was made by another build of this process, just now
};

struct TreeResult final : solver::Result {
  explicit TreeResult(std::shared_ptr<const snapshot::TreeView> view) : tree(std::move(view)) {}
  std::shared_ptr<const snapshot::TreeView> tree;
};

// Both for scratch (null): empty. Throw Error{kInternal} for a context.
const StackResult& stack_result(const solver::ResultPtr& result);
const snapshot::LayerStack& stack_of(const solver::ResultPtr& result);

}  // namespace cooper::ops
