// The root of a step where nothing can be mounted: a farm with a board (farms.h), and symlinks to themselves
// where the sandbox's stub is to show something else.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ops/exec_mounts.h"
#include "ops/farms.h"
#include "ops/step_root.h"
#include "snapshot/farm.h"
#include "snapshot/farm_changes.h"

namespace cooper::ops {

class FarmStepRoot final : public StepRoot {
 public:
  FarmStepRoot(snapshot::LayerStack stack, Services& services);

  void prepare(const graph::Exec& op, std::span<const solver::ResultPtr> inputs, sandbox::Spec& spec,
               const std::stop_token& stop) override;
  void end() override;
  std::string limits_met() const override;
  snapshot::LayerPtr commit() override;
  std::string scratch() const override { return staging_.scratch(); }

 private:
  void cover_places(const sandbox::Spec& spec, sandbox::FarmRoot& root);
  void make_working_directory(const std::string& cwd, const sandbox::FarmRoot& root);
  std::vector<snapshot::FarmChange> read_changes() const;

  snapshot::LayerStack stack_;
  Services& services_;
  snapshot::Staging staging_;
  std::unique_ptr<StepTree> tree_;
  StepMounts mounts_;
  os::Fd changes_;
  std::optional<snapshot::FarmCovers> covers_;  // after tree_: it is put right before it goes
  std::vector<std::string> covered_;            // paths in the tree
  std::vector<std::string> made_;               // directories that the step finds and the stack has not
};

}  // namespace cooper::ops
