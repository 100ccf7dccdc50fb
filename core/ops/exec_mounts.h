// RUN --mount: from what the Dockerfile asks for to what the sandbox mounts.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "graph/op.h"
#include "ops/agent_forward.h"
#include "ops/services.h"
#include "os/beneath.h"
#include "os/file_lock.h"
#include "sandbox/spec.h"
#include "snapshot/inode_notes.h"
#include "snapshot/layer_store.h"
#include "solver/interfaces.h"

namespace cooper::ops {

// The mounts of one step, and what must live as long as it runs: locks of cache mounts, discarded upper
// directories, sockets of ssh agents.
struct StepMounts {
  std::vector<sandbox::MountOp> mounts;
  std::vector<std::string> env;  // secrets exposed as variables
  std::vector<os::FileLock> locks;
  std::set<std::string> caches;  // directories of cache mounts whose owners only the board knows
  std::vector<snapshot::Staging> discarded;
  snapshot::LayerStack mounted;  // what bind mounts show
  std::vector<std::unique_ptr<AgentForward>> agents;

  // Moves mounts and variables to a step's specification; the rest stays here.
  void apply_to(sandbox::Spec& spec);
};

// `notes`: null where the sandbox can mount; else what is shown of other stages is a farm of its own, and
// this gets what the disk cannot say of it. Throws Error{kContext} for a missing bind source or a required
// secret that was not given.
StepMounts prepare_mounts(const graph::Exec& op, std::span<const solver::ResultPtr> inputs,
                          Services& services, snapshot::InodeNotes* notes, const std::stop_token& stop);

}  // namespace cooper::ops
