#include "ops/file.h"

#include "base/cancellation.h"
#include "base/trace.h"
#include "context/local_tree.h"
#include "ops/copy.h"
#include "ops/results.h"
#include "ops/selection_memo.h"
#include "ops/stage.h"
#include "snapshot/accounts.h"
#include "snapshot/merged_view.h"

namespace cooper::ops {
namespace {

using snapshot::Entry;
using snapshot::EntryType;
using snapshot::TreeView;

class FileRun {
 public:
  FileRun(int vertex, std::span<const solver::ResultPtr> inputs, Services& services,
          const std::stop_token& stop)
      : vertex_(vertex),
        inputs_(inputs),
        services_(services),
        stop_(stop),
        base_(open_tree(inputs.empty() ? nullptr : inputs[0], services, stop)),
        builder_(base_),
        staging_(services.layers->begin()) {}

  void operator()(const graph::MkdirAction& action) {
    snapshot::Account owner = owner_of(action.owner);
    builder_.make_directories(snapshot::clean_path(action.path),
                              {action.mode, owner.uid, owner.gid, new_time()});
  }

  void operator()(const graph::MkfileAction& action) {
    snapshot::Account owner = owner_of(action.owner);
    std::string wanted = snapshot::resolve_symlinks(builder_, snapshot::clean_path(action.path), true);
    std::string parent = builder_.make_directories(std::string(snapshot::parent_path(wanted)),
                                                   {0755, owner.uid, owner.gid, new_time()});
    Addition addition;
    addition.entry.path = snapshot::join_path(parent, snapshot::base_name(wanted));
    addition.entry.mode = action.mode;
    addition.entry.uid = owner.uid;
    addition.entry.gid = owner.gid;
    addition.entry.mtime = new_time();
    addition.entry.fresh = true;
    addition.entry.size = action.content.size();
    addition.bytes.content = action.content;
    builder_.put(std::move(addition));
  }

  void operator()(const graph::CopyAction& action) {
    const solver::ResultPtr& input = inputs_[static_cast<std::size_t>(action.input)];
    std::shared_ptr<const TreeView> source = open_tree(input, services_, stop_);
    bool from_context = dynamic_cast<const TreeResult*>(input.get()) != nullptr;
    CopyAttributes attributes;
    attributes.mode = action.mode;
    attributes.now = new_time();
    if (from_context && services_.epoch) attributes.fixed_mtime = services_.now;
    if (action.owner) {
      snapshot::Account owner = owner_of(action.owner);
      attributes.uid = owner.uid;
      attributes.gid = owner.gid;
    }
    const base::Span span("step", "select and copy");
    Selections selections;
    if (from_context) {
      selections = select_from_context(vertex_, action_, action, *source, services_);
    } else {
      selections =
          std::make_shared<const std::vector<Selection>>(select_sources(action, *source, *services_.pool));
    }
    base::throw_if_stopped(stop_);
    copy_into(builder_, action, *selections, source, attributes, staging_.scratch());
  }

  void next_action() { ++action_; }

  snapshot::LayerPtr finish() {
    const base::Span span("step", "write files");
    const auto vertex = static_cast<std::size_t>(vertex_);
    const bool is_mounted = vertex >= services_.mounted.size() || services_.mounted[vertex];
    snapshot::LayerIndex index =
        stage_additions(builder_.take(services_.epoch.has_value()), staging_, services_.layers->form(),
                        is_mounted ? LayerUse::kMounted : LayerUse::kOnlyRead, *services_.pool);
    return services_.layers->commit(std::move(staging_), std::move(index));
  }

 private:
  std::int64_t new_time() const { return services_.now; }

  snapshot::Account owner_of(const std::optional<graph::Owner>& owner) const {
    if (!owner) return {};
    return snapshot::resolve_owner(builder_, owner->user, owner->group);
  }

  int vertex_;
  std::size_t action_ = 0;  // the position of the one that is carried out
  std::span<const solver::ResultPtr> inputs_;
  Services& services_;
  const std::stop_token& stop_;
  std::shared_ptr<const TreeView> base_;
  TreeBuilder builder_;
  snapshot::Staging staging_;
};

}  // namespace

const StackResult& stack_result(const solver::ResultPtr& result) {
  static const StackResult kEmpty;
  if (result == nullptr) return kEmpty;
  if (const auto* stack = dynamic_cast<const StackResult*>(result.get())) return *stack;
  throw base::Error(base::ErrorKind::kInternal, "a build context was used as a stack of layers");
}

const snapshot::LayerStack& stack_of(const solver::ResultPtr& result) {
  return stack_result(result).stack;
}

void materialize_all(const snapshot::LayerStack& stack, Services& services, const std::stop_token& stop) {
  const base::Span span("wait", "for layers below");
  base::parallel_for(*services.pool, stack.size(), 1,
                     [&](std::size_t i) { services.layers->materialize(*stack[i], stop); });
}

std::shared_ptr<const TreeView> open_tree(const solver::ResultPtr& result, Services& services,
                                          const std::stop_token& stop) {
  if (const auto* tree = dynamic_cast<const TreeResult*>(result.get())) return tree->tree;
  const snapshot::LayerStack& stack = stack_of(result);
  materialize_all(stack, services, stop);
  return std::make_shared<snapshot::MergedView>(stack);
}

snapshot::LayerPtr run_file(int vertex, const graph::File& op, std::span<const solver::ResultPtr> inputs,
                            Services& services, const std::stop_token& stop) {
  FileRun run(vertex, inputs, services, stop);
  for (const graph::FileAction& action : op.actions) {
    std::visit(run, action);
    run.next_action();
  }
  return run.finish();
}

}  // namespace cooper::ops
