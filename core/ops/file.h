// The File op: COPY, ADD, WORKDIR and heredoc files, as one layer, without a mount or a privilege.
#pragma once

#include <span>
#include <stop_token>

#include "graph/op.h"
#include "ops/services.h"
#include "snapshot/layer.h"
#include "solver/interfaces.h"

namespace cooper::ops {

// Makes the layer that `op`, the op of `vertex`, adds on top of inputs[0]. Materialises the inputs that it
// reads.
snapshot::LayerPtr run_file(int vertex, const graph::File& op, std::span<const solver::ResultPtr> inputs,
                            Services& services, const std::stop_token& stop);

// A result as a tree to read from; a stack's layers are materialised first, in parallel.
std::shared_ptr<const snapshot::TreeView> open_tree(const solver::ResultPtr& result, Services& services,
                                                    const std::stop_token& stop);

// Materialises every layer of `stack`, in parallel.
void materialize_all(const snapshot::LayerStack& stack, Services& services, const std::stop_token& stop);

}  // namespace cooper::ops
