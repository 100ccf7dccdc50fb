// The Exec op: RUN, in a sandbox on an overlay of the input's layers.
#pragma once

#include <span>
#include <stop_token>

#include "graph/op.h"
#include "ops/services.h"
#include "snapshot/layer.h"
#include "solver/interfaces.h"

namespace cooper::ops {

// Runs the step and returns the layer of what it changed. Output becomes kLog events of `vertex`. Throws
// Error{kRunFailed} with the step's exit code, Error{kUnsupported} where this machine cannot run steps.
snapshot::LayerPtr run_exec(int vertex, const graph::Exec& op, std::span<const solver::ResultPtr> inputs,
                            Services& services, const std::stop_token& stop);

}  // namespace cooper::ops
