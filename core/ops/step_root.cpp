#include "ops/step_root.h"

#include "ops/exec_mounts.h"
#include "ops/farm_root.h"

namespace cooper::ops {
namespace {

class OverlayStepRoot final : public StepRoot {
 public:
  OverlayStepRoot(snapshot::LayerStack stack, Services& services)
      : stack_(std::move(stack)), services_(services), staging_(services.layers->begin()) {}

  void prepare(const graph::Exec& op, std::span<const solver::ResultPtr> inputs, sandbox::Spec& spec,
               const std::stop_token& stop) override {
    spec.root = sandbox::OverlayRoot{services_.layers->prepare_overlay(stack_, staging_.tree()),
                                     staging_.tree(), staging_.scratch()};
    mounts_ = prepare_mounts(op, inputs, services_, nullptr, stop);
    mounts_.apply_to(spec);
  }

  snapshot::LayerPtr commit() override {
    return services_.layers->commit_upper(std::move(staging_), stack_,
                                          {std::move(mounts_.mounted), services_.epoch.has_value()});
  }

  std::string scratch() const override { return staging_.scratch(); }

 private:
  snapshot::LayerStack stack_;
  Services& services_;
  snapshot::Staging staging_;
  StepMounts mounts_;
};

}  // namespace

std::unique_ptr<StepRoot> make_step_root(const snapshot::LayerStack& stack, Services& services) {
  if (services.farms != nullptr) return std::make_unique<FarmStepRoot>(stack, services);
  return std::make_unique<OverlayStepRoot>(stack, services);
}

}  // namespace cooper::ops
