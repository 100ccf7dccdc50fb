// How the root of a RUN step is made real, and how what the step did to it becomes a layer: one way where the
// tier can mount, one where it cannot.
#pragma once

#include <memory>
#include <span>
#include <stop_token>

#include "graph/op.h"
#include "ops/services.h"
#include "sandbox/spec.h"
#include "snapshot/layer_store.h"
#include "solver/interfaces.h"

namespace cooper::ops {

class StepRoot {
 public:
  virtual ~StepRoot() = default;

  // Completes `spec`, which says all but root, mounts and what secrets add to the environment. Throws Error,
  // as prepare_mounts() does.
  virtual void prepare(const graph::Exec& op, std::span<const solver::ResultPtr> inputs, sandbox::Spec& spec,
                       const std::stop_token& stop) = 0;
  // To be called when the step's processes are gone, however it ended.
  virtual void end() {}
  // What the step asked for and its tier cannot give, as a hint for when it has failed; "" for nothing.
  virtual std::string limits_met() const { return {}; }
  // After the step has ended well: its layer, null when nothing changed.
  virtual snapshot::LayerPtr commit() = 0;
  // A directory of the step's own where programs can be executed.
  virtual std::string scratch() const = 0;
};

// `stack` is materialised; `services` outlives the root.
std::unique_ptr<StepRoot> make_step_root(const snapshot::LayerStack& stack, Services& services);

}  // namespace cooper::ops
