#include "ops/farm_root.h"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "ops/cache_owners.h"
#include "os/fd.h"
#include "sandbox/refused_calls.h"
#include "snapshot/layer_index.h"
#include "snapshot/merged_view.h"

namespace cooper::ops {
namespace {

std::string target_of(const sandbox::MountOp& mount) {
  return std::visit([](const auto& each) { return each.target; }, mount);
}

bool is_at_or_below(const std::string& path, const std::string& place) {
  return path == place || snapshot::is_below(path, place);
}

}  // namespace

FarmStepRoot::FarmStepRoot(snapshot::LayerStack stack, Services& services)
    : stack_(std::move(stack)),
      services_(services),
      staging_(services.layers->begin()),
      tree_(services.farms->take(stack_)) {}

void FarmStepRoot::prepare(const graph::Exec& op, std::span<const solver::ResultPtr> inputs,
                           sandbox::Spec& spec, const std::stop_token& stop) {
  mounts_ = prepare_mounts(op, inputs, services_, &tree_->notes(), stop);
  mounts_.apply_to(spec);
  constexpr int kFlags = O_RDWR | O_CREAT | O_TRUNC | O_APPEND;
  changes_ = os::open_file(tree_->changes(), kFlags, 0600);
  sandbox::FarmRoot root;
  root.directory = tree_->farm();
  root.scratch = staging_.scratch();
  root.board = tree_->board().fd();
  root.changes = changes_.get();
  for (std::uint32_t& count : tree_->board().header().refused) count = 0;
  cover_places(spec, root);
  make_working_directory(spec.cwd, root);
  spec.root = std::move(root);
}

// The launcher adds resolv.conf and hosts.
void FarmStepRoot::cover_places(const sandbox::Spec& spec, sandbox::FarmRoot& root) {
  std::vector<std::string> targets = {"/etc/resolv.conf", "/etc/hosts"};
  for (const sandbox::MountOp& mount : spec.mounts) targets.push_back(target_of(mount));
  const snapshot::MergedView view(stack_);
  covers_.emplace(tree_->farm(), tree_->aside());
  for (const std::string& target : targets) {
    const std::string written = snapshot::clean_path(target);
    std::string place = snapshot::resolve_symlinks(view, written, true);
    covers_->cover(place);
    if (place != written) root.places.push_back({target, "/" + place});
    covered_.push_back(std::move(place));
  }
}

void FarmStepRoot::make_working_directory(const std::string& cwd, const sandbox::FarmRoot& root) {
  const std::string path =
      snapshot::resolve_symlinks(snapshot::MergedView(stack_), snapshot::clean_path(cwd), true);
  const bool is_mounted = snapshot::is_system_place(path) ||
                          std::any_of(covered_.begin(), covered_.end(),
                                      [&](const std::string& place) { return is_at_or_below(path, place); });
  if (!is_mounted) made_ = snapshot::make_farm_directory(root.directory, path);
}

std::vector<snapshot::FarmChange> FarmStepRoot::read_changes() const {
  std::vector<snapshot::FarmChange> changes;
  for (const std::string& path : made_) changes.push_back({path, false});
  try {
    for (sandbox::Change& change : sandbox::read_changes(changes_))
      changes.push_back({std::move(change.path), change.kind == sandbox::stub::ChangeKind::kTree});
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kCorrupt) throw;
    return snapshot::everything_changed();  // a step that killed itself while it wrote
  }
  return changes;
}

void FarmStepRoot::end() {
  for (const std::string& directory : mounts_.caches)
    keep_cache_owners(directory, tree_->notes(), *services_.pool);
}

std::string FarmStepRoot::limits_met() const {
  const std::vector<std::string> calls = sandbox::refused_calls(tree_->board());
  if (calls.empty()) return {};
  return fmt::format(
      "the step called {}, which takes privileges that this job has not; 'cooper doctor' says what would "
      "give them",
      base::join(calls, ", "));
}

snapshot::LayerPtr FarmStepRoot::commit() {
  if (tree_->board().header().table_full != 0) {
    throw base::Error(base::ErrorKind::kUnsupported,
                      "the step gave owners or modes to more files than can be kept without privilege")
        .hint("split the step, or run it where user namespaces are allowed (see 'cooper doctor')");
  }
  if (!covers_->uncover()) {
    throw base::Error(base::ErrorKind::kRunFailed, "the step replaced the place of a mount")
        .hint("leave the targets of RUN's mounts as they are");
  }
  snapshot::LayerPtr made =
      services_.layers->commit_farm(std::move(staging_), tree_->farm(), read_changes(), tree_->notes(),
                                    stack_, {std::move(mounts_.mounted), services_.epoch.has_value()});
  covers_.reset();
  snapshot::LayerStack now = stack_;
  if (made != nullptr) now.push_back(made);
  services_.farms->give_back(now, std::move(tree_));
  return made;
}

}  // namespace cooper::ops
