#include "ops/exec_mounts.h"

#include <fmt/format.h>
#include <map>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encoder.h"
#include "base/error.h"
#include "context/local_tree.h"
#include "ops/cache_owners.h"
#include "ops/copy.h"
#include "ops/file.h"
#include "ops/mount_keeper.h"
#include "ops/results.h"
#include "ops/stage.h"
#include "snapshot/merged_view.h"
#include "snapshot/tree_writer.h"
#include "store/store.h"

namespace cooper::ops {
namespace {

using snapshot::Entry;

class MountPlanner {
 public:
  MountPlanner(std::span<const solver::ResultPtr> inputs, Services& services, snapshot::InodeNotes* notes,
               const std::stop_token& stop)
      : inputs_(inputs), services_(services), notes_(notes), stop_(stop) {}

  void add(const graph::Mount& mount) {
    target_ = mount.target;
    std::visit([this](const auto& what) { add_mount(what); }, mount.what);
  }
  void add(const graph::ScriptFile& script) {
    planned_.mounts.emplace_back(sandbox::FileMount{script.path, script.content, 0755, 0, 0});
  }
  StepMounts take() { return std::move(planned_); }

 private:
  void add_mount(const graph::BindMount& bind) {
    snapshot::LayerStack stack = stack_with(bind.input, bind.source);
    planned_.mounted.insert(planned_.mounted.end(), stack.begin(), stack.end());
    std::string source = real_source(stack, bind.source);
    if (notes_ != nullptr) return add_farm(stack, source, bind.writable);
    sandbox::OverlayMount overlay;
    if (bind.writable) {
      planned_.discarded.push_back(services_.layers->begin());
      overlay.upper = planned_.discarded.back().tree();
      overlay.work = planned_.discarded.back().scratch();
    }
    overlay.lower = services_.layers->prepare_overlay(stack, overlay.upper);
    overlay.source = source;
    overlay.target = target_;
    planned_.mounts.emplace_back(std::move(overlay));
  }

  // What is written is discarded with the farm.
  void add_farm(const snapshot::LayerStack& stack, const std::string& source, bool writable) {
    planned_.discarded.push_back(services_.layers->begin());
    const std::string& farm = planned_.discarded.back().tree();
    const auto files = writable ? snapshot::FarmFiles::kCopied : snapshot::FarmFiles::kLinked;
    services_.layers->prepare_farm(stack, source, farm, files, *notes_);
    const bool is_directory = snapshot::MergedView(stack).lookup(source)->is_directory();
    const std::string path = is_directory ? "" : std::string(snapshot::base_name(source));
    planned_.mounts.emplace_back(sandbox::BindMount{farm, target_, !writable, path});
  }

  void add_mount(const graph::CacheMount& cache) {
    std::string directory = claim_cache_directory(cache);
    if (notes_ != nullptr) note_cache(cache, directory);
    std::string path = cache.input >= 0 ? "" : snapshot::clean_path(cache.source);
    planned_.mounts.emplace_back(sandbox::BindMount{directory, target_, cache.read_only, path});
  }

  void add_mount(const graph::TmpfsMount& tmpfs) {
    planned_.mounts.emplace_back(sandbox::TmpfsMount{target_, tmpfs.size, 01777});
  }

  void add_mount(const graph::SecretMount& secret) {
    std::optional<std::string> value = services_.secret ? services_.secret(secret.id) : std::nullopt;
    if (!value) {
      if (!secret.required) return;
      throw base::Error(base::ErrorKind::kContext,
                        fmt::format("secret '{}' is required and was not given", secret.id))
          .hint(fmt::format("add --secret id={},src=FILE or id={},env=VARIABLE", secret.id, secret.id));
    }
    if (!secret.env.empty()) planned_.env.push_back(secret.env + "=" + *value);
    if (secret.as_file) {
      planned_.mounts.emplace_back(
          sandbox::FileMount{target_, std::move(*value), secret.mode, secret.uid, secret.gid});
    }
  }

  void add_mount(const graph::SshMount& ssh) {
    std::optional<std::string> socket = services_.ssh_socket ? services_.ssh_socket(ssh.id) : std::nullopt;
    if (!socket) {
      if (!ssh.required) return;
      throw base::Error(base::ErrorKind::kContext,
                        fmt::format("ssh agent '{}' is required and was not given", ssh.id))
          .hint("add --ssh " + ssh.id);
    }
    AgentForward::Access access{ssh.mode, ssh.uid, ssh.gid};
    planned_.agents.push_back(std::make_unique<AgentForward>(
        std::move(*socket), services_.layers->store().make_temp("ssh-"), access));
    planned_.mounts.emplace_back(sandbox::BindMount{planned_.agents.back()->socket(), target_, false});
  }

  // The layers that hold a bind mount's source; what comes from a context is imported as a layer first, so
  // that ignored files stay hidden and the step sees the content its key was made of.
  snapshot::LayerStack stack_with(int input, const std::string& source) {
    const solver::ResultPtr& result = inputs_[static_cast<std::size_t>(input)];
    if (const auto* context = dynamic_cast<const TreeResult*>(result.get()))
      return {import(*context->tree, source)};
    snapshot::LayerStack stack = stack_of(result);
    materialize_all(stack, services_, stop_);
    return stack;
  }

  snapshot::LayerPtr import(const snapshot::TreeView& tree, const std::string& source) {
    std::string root = snapshot::resolve_symlinks(tree, snapshot::clean_path(source), true);
    if (!tree.lookup(root)) missing(source);
    std::vector<Entry> entries = context::walk(tree, root, *services_.pool);
    context::hash_contents(tree, entries, *services_.pool);
    TreeBuilder builder(nullptr);
    if (!root.empty()) builder.make_directories(std::string(snapshot::parent_path(root)), {});
    std::shared_ptr<const snapshot::TreeView> borrowed(&tree, [](const snapshot::TreeView*) {});
    for (Entry& entry : entries) {
      if (services_.epoch) {
        entry.mtime = services_.now;
        entry.mtime_nsec = 0;
        entry.fresh = true;
      }
      FileBytes bytes{borrowed, entry.path, {}};
      builder.put({std::move(entry), std::move(bytes), {}});
    }
    snapshot::Staging staging = services_.layers->begin();
    snapshot::LayerIndex index = stage_additions(builder.take(), staging, services_.layers->form(),
                                                 LayerUse::kMounted, *services_.pool);
    return services_.layers->commit(std::move(staging), std::move(index));
  }

  std::string real_source(const snapshot::LayerStack& stack, const std::string& source) {
    snapshot::MergedView view(stack);
    std::string real = snapshot::resolve_symlinks(view, snapshot::clean_path(source), true);
    if (!view.lookup(real)) missing(source);
    return real;
  }

  [[noreturn]] void missing(const std::string& source) const {
    throw base::Error(base::ErrorKind::kContext,
                      fmt::format("'{}': not found, wanted by the mount at '{}'", source, target_));
  }

  // What makes two mounts the same cache on every machine: the id, who owns it, and where in its seed it
  // begins. What lies in the seed does not count, as the layers of a stage have other ids elsewhere: what was
  // saved is newer than any seed.
  static base::Encoder portable_name(const graph::CacheMount& cache) {
    base::Encoder name;
    name.field("id", cache.id).field("mode", cache.mode).field("uid", cache.uid).field("gid", cache.gid);
    if (cache.input >= 0) name.field("seed", cache.source);
    return name;
  }

  // In this store another seed makes another cache.
  std::string cache_name(const graph::CacheMount& cache) const {
    base::Encoder name = portable_name(cache);
    if (cache.input < 0) return name.digest().hex();
    const solver::ResultPtr& seed = inputs_[static_cast<std::size_t>(cache.input)];
    if (dynamic_cast<const TreeResult*>(seed.get()) == nullptr) {
      for (const snapshot::LayerPtr& layer : stack_of(seed)) name.field("layer", layer->id());
    }
    return name.digest().hex();
  }

  // A cache mount is a directory of the store. Sharing decides which one: shared is always the first, locked
  // waits for it, private takes the first that nobody holds.
  std::string claim_cache_directory(const graph::CacheMount& cache) {
    std::string name = cache_name(cache);
    std::string parent = services_.layers->store().mounts_path() + "/" + name;
    // A step that mounts a cache twice has it once: to wait for our own lock would be to wait forever.
    auto claimed = claimed_.find(parent);
    if (claimed != claimed_.end()) return claimed->second;
    while (!services_.layers->store().use(parent)) os::make_directories(parent);
    std::string directory = lock_one_of(parent, cache.sharing);
    claimed_.emplace(parent, directory);
    const KeptMount kept{cache.id, portable_name(cache).digest().hex(), directory};
    MountKeeper* keeper = directory == parent + "/0" ? services_.mounts : nullptr;
    make_directory(cache, kept, keeper);
    if (keeper != nullptr) keeper->used(kept);
    return directory;
  }

  std::string lock_one_of(const std::string& parent, graph::CacheMount::Sharing sharing) {
    if (sharing == graph::CacheMount::Sharing::kPrivate) {
      for (int i = 0;; ++i) {
        std::string directory = fmt::format("{}/{}", parent, i);
        auto lock = os::FileLock::try_acquire(directory + ".lock", os::LockMode::kExclusive);
        if (!lock) continue;
        planned_.locks.push_back(std::move(*lock));
        return directory;
      }
    }
    bool alone = sharing == graph::CacheMount::Sharing::kLocked;
    std::string directory = parent + "/0";
    os::LockMode mode = alone ? os::LockMode::kExclusive : os::LockMode::kShared;
    planned_.locks.push_back(os::FileLock::acquire(directory + ".lock", mode, stop_));
    return directory;
  }

  // Fills the directory of a mount that is new here: with what was kept of it, else from its seed.
  void make_directory(const graph::CacheMount& cache, const KeptMount& kept, MountKeeper* keeper) {
    if (exists(kept.directory)) return;
    // Steps that share the mount would each restore it.
    std::optional<os::FileLock> alone;
    if (keeper != nullptr)
      alone = os::FileLock::acquire(kept.directory + ".making", os::LockMode::kExclusive, stop_);
    if (exists(kept.directory)) return;
    os::TempDir fresh = services_.layers->store().make_temp("cache-mount");
    std::string tree = fresh.path();
    const bool restored = keeper != nullptr && keeper->restore(kept, tree, stop_);
    if (!restored && cache.input >= 0) tree = fill_from(cache, fresh.path());
    base::check(::chmod(tree.c_str(), cache.mode & 07777), "change mode of", tree);
    if (services_.layers->form() != snapshot::Form::kOwn && ::geteuid() == 0 &&
        (cache.uid != 0 || cache.gid != 0)) {
      base::check(::chown(tree.c_str(), cache.uid, cache.gid), "change owner of", tree);
    }
    services_.layers->store().publish(tree, kept.directory);
  }

  // Whose the mount is to be, where nobody can be given a directory.
  void note_cache(const graph::CacheMount& cache, const std::string& directory) {
    struct stat status {};
    base::check(::stat(directory.c_str(), &status), "examine", directory);
    Entry entry;
    entry.type = snapshot::EntryType::kDirectory;
    entry.mode = cache.mode & 07777;
    entry.uid = cache.uid;
    entry.gid = cache.gid;
    notes_->note(status.st_dev, status.st_ino, entry, 1);
    if (services_.layers->form() != snapshot::Form::kOwn || !planned_.caches.insert(directory).second) return;
    note_cache_owners(directory, *notes_);
  }

  static bool exists(const std::string& directory) {
    struct stat info {};
    return ::stat(directory.c_str(), &info) == 0;
  }

  std::string fill_from(const graph::CacheMount& cache, const std::string& directory) {
    snapshot::LayerStack stack = stack_with(cache.input, cache.source);
    // Read through a builder, whose files count as somebody's: steps write to what is made here, so it may
    // share no inode with a layer.
    auto view = std::make_shared<TreeBuilder>(std::make_shared<snapshot::MergedView>(stack));
    graph::CopyAction copy;
    copy.sources = {cache.source};
    copy.destination = "/seed/";
    copy.literal = true;
    TreeBuilder builder(nullptr);
    builder.make_directories("seed", {});
    CopyAttributes attributes;
    copy_into(builder, copy, select_sources(copy, *view, *services_.pool), view, attributes, directory);
    snapshot::Staging staging = services_.layers->begin();
    snapshot::Form form = services_.layers->form();
    snapshot::LayerIndex index =
        stage_additions(builder.take(), staging, form, LayerUse::kMounted, *services_.pool);
    snapshot::TreeWriter writer(staging.tree(), form);
    writer.adopt(index);
    writer.finish_directories(index);
    std::string tree = staging.tree() + "/seed";
    planned_.discarded.push_back(std::move(staging));
    return tree;
  }

  std::span<const solver::ResultPtr> inputs_;
  Services& services_;
  snapshot::InodeNotes* notes_;
  const std::stop_token& stop_;
  std::string target_;
  std::map<std::string, std::string> claimed_;  // cache → the directory of it that this step has
  StepMounts planned_;
};

}  // namespace

void StepMounts::apply_to(sandbox::Spec& spec) {
  spec.mounts = std::move(mounts);
  for (std::string& variable : env) spec.env.push_back(std::move(variable));
}

StepMounts prepare_mounts(const graph::Exec& op, std::span<const solver::ResultPtr> inputs,
                          Services& services, snapshot::InodeNotes* notes, const std::stop_token& stop) {
  MountPlanner planner(inputs, services, notes, stop);
  for (const graph::Mount& mount : op.mounts) planner.add(mount);
  for (const graph::ScriptFile& script : op.scripts) planner.add(script);
  return planner.take();
}

}  // namespace cooper::ops
