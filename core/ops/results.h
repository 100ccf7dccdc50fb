// What vertices yield: a stack of layers, or a build context.
#pragma once

#include <memory>
#include <utility>

#include "snapshot/layer.h"
#include "snapshot/tree_view.h"
#include "solver/interfaces.h"

namespace cooper::ops {

struct StackResult final : solver::Result {
  explicit StackResult(snapshot::LayerStack layers) : stack(std::move(layers)) {}
  snapshot::LayerStack stack;  // base first
};

struct TreeResult final : solver::Result {
  explicit TreeResult(std::shared_ptr<const snapshot::TreeView> view) : tree(std::move(view)) {}
  std::shared_ptr<const snapshot::TreeView> tree;
};

// The stack of a result; empty for scratch (null). Throws Error{kInternal} for a context.
const snapshot::LayerStack& stack_of(const solver::ResultPtr& result);

}  // namespace cooper::ops
