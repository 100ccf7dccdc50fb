#include "snapshot/layer_store.h"

#include <array>
#include <cerrno>
#include <ctime>
#include <fmt/format.h>
#include <mutex>
#include <set>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/trace.h"
#include "os/fd.h"
#include "snapshot/diff.h"
#include "snapshot/farm.h"
#include "snapshot/layer_size.h"
#include "snapshot/merged_view.h"
#include "snapshot/tree_writer.h"
#include "store/usage.h"

namespace cooper::snapshot {
namespace {

constexpr std::size_t kMaximumIndex = std::size_t{4} << 30;  // bytes

constexpr std::string_view kImageLayer = "sha256-";  // before the hex digits of the diffID
constexpr std::string_view kMadeLayer = "made-";

std::string random_id() {
  std::array<unsigned char, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    base::throw_errno("read", "random bytes");
  }
  std::string id = "layer-";
  for (unsigned char byte : bytes) id += fmt::format("{:02x}", byte);
  return id;
}

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

// With exactly this mode, whatever the umask.
void make_directory(const std::string& path, mode_t mode) {
  base::check(::mkdir(path.c_str(), mode), "create directory", path);
  base::check(::chmod(path.c_str(), mode), "set the mode of", path);
}

// The same bytes are another layer when times in them stand for others.
std::string declared_id(const SealedLayer& sealed) {
  if (!sealed.sealing) return std::string(kImageLayer) + sealed.diff_id.hex();
  std::string id = std::string(kMadeLayer) + sealed.diff_id.hex();
  return sealed.sealing->epoch ? fmt::format("{}-{}", id, *sealed.sealing->epoch) : id;
}

// The fresh times of what a step saw: `cp -p` and a change of mode give them to files of its layer. Read when
// first asked, because most layers have no old times; by several threads.
class FreshTimes {
 public:
  FreshTimes(const LayerStack& lower, const LayerStack& mounted) : stacks_{&lower, &mounted} {}

  bool contain(const Entry& entry) {
    std::call_once(read_, [this] { read(); });
    return times_.contains({entry.mtime, entry.mtime_nsec});
  }

 private:
  void read() {
    for (const LayerStack* stack : stacks_) {
      for (const LayerPtr& layer : *stack) add(layer->index());
    }
  }
  void add(const LayerIndex& index) {
    for (const Entry& entry : index.entries()) {
      if (entry.fresh) times_.emplace(entry.mtime, entry.mtime_nsec);
    }
  }

  std::array<const LayerStack*, 2> stacks_;
  std::once_flag read_;
  std::set<std::pair<std::int64_t, std::uint32_t>> times_;
};

bool is_after(const Entry& entry, const timespec& moment) {
  return std::pair(entry.mtime, static_cast<long>(entry.mtime_nsec)) >
         std::pair(moment.tv_sec, moment.tv_nsec);
}

}  // namespace

Staging::Staging(os::TempDir directory)
    : directory_(std::move(directory)),
      tree_(directory_.path() + "/tree"),
      scratch_(directory_.path() + "/scratch"),
      pack_(directory_.path() + "/pack") {
  ::clock_gettime(CLOCK_REALTIME_COARSE, &begun_);
  make_directory(tree_, 0755);
  make_directory(scratch_, 0700);
}

LayerStore::LayerStore(std::shared_ptr<store::Store> store, Form form, base::ThreadPool& pool)
    : store_(std::move(store)),
      form_(form),
      pool_(pool),
      opened_(std::time(nullptr)),
      known_(std::make_shared<Known>()) {}

std::string LayerStore::index_path(const Layer& layer) const {
  return store_->layer_path(layer.id()) + "/index";
}

std::string LayerStore::tree_place(const std::string& id) const {
  return store_->tree_path(std::string(form_name(form_)), id);
}

// Beside the index: bytes are the same in every form.
std::string LayerStore::pack_place(const std::string& id) const {
  return store_->layer_path(id) + "/pack";
}

LayerPtr LayerStore::remember(const std::string& id, const std::function<void(Layer&)>& set_up) {
  return known_->with([&](auto& known) {
    std::weak_ptr<Layer>& slot = known[id];
    LayerPtr layer = slot.lock();
    if (layer == nullptr) {
      layer = std::make_shared<Layer>(id);
      set_up(*layer);
      slot = layer;
    }
    return layer;
  });
}

LayerPtr LayerStore::declare(const SealedLayer& sealed, BlobOpener opener) {
  LayerPtr layer = remember(declared_id(sealed), [&](Layer& fresh) { fresh.origin_ = sealed; });
  // A later declaration may know a source of the same blob where an earlier one knew none.
  if (layer->origin_->blob.digest == sealed.blob.digest) {
    layer->opener_.with([&](BlobOpener& known) {
      if (!known) known = std::move(opener);
    });
  }
  return layer;
}

LayerPtr LayerStore::find(const std::string& id) {
  // An id names a folder; anything that could lead elsewhere is none of ours.
  if (id.empty() || id.find('/') != std::string::npos || id.front() == '.') return nullptr;
  if (!store_->use(store_->layer_path(id) + "/index") ||
      (!exists(tree_place(id)) && !exists(pack_place(id)))) {
    return nullptr;
  }
  // A declared layer is not remembered from here: declare() is to make the object that knows its origin.
  if (id.starts_with(kImageLayer) || id.starts_with(kMadeLayer)) {
    LayerPtr known = known_->with([&](auto& layers) {
      auto found = layers.find(id);
      return found == layers.end() ? nullptr : found->second.lock();
    });
    return known != nullptr ? known : std::make_shared<Layer>(id);
  }
  return remember(id, [](Layer&) {});
}

Staging LayerStore::begin() {
  return Staging(store_->make_temp("layer-"));
}

LayerPtr LayerStore::commit(Staging staging, LayerIndex index) {
  index.mark_fresh(opened_);
  if (staging.packed_) {
    LayerPtr layer = remember(random_id(), [](Layer&) {});
    publish_pack(*layer, staging.pack(), std::move(index));
    return layer;
  }
  TreeWriter(staging.tree(), form_).adopt(index, staging.files_finished_);
  return publish(staging, std::move(index));
}

LayerPtr LayerStore::commit_upper(Staging staging, const LayerStack& lower, const StepSurroundings& step) {
  const std::string upper = staging.tree();
  return commit_step(std::move(staging), lower, step, [&](const WasFresh& was_fresh) {
    return index_upper(upper, form_, MergedView(lower), pool_, was_fresh);
  });
}

LayerPtr LayerStore::commit_farm(Staging staging, const std::string& farm,
                                 const std::vector<FarmChange>& changes, InodeNotes& notes,
                                 const LayerStack& lower, const StepSurroundings& step) {
  const std::string upper = staging.tree();
  return commit_step(std::move(staging), lower, step, [&](const WasFresh& was_fresh) {
    return index_farm(farm, changes, upper, form_, MergedView(lower), notes, pool_, was_fresh);
  });
}

LayerPtr LayerStore::commit_step(Staging staging, const LayerStack& lower, const StepSurroundings& step,
                                 const std::function<LayerIndex(const WasFresh&)>& read) {
  FreshTimes seen(lower, step.mounted);
  const auto is_seen = [&](const Entry& entry) { return seen.contain(entry); };
  const auto was_fresh_before = [&](const Entry& entry) {
    if (!step.one_fresh_time || is_after(entry, staging.begun_)) return false;
    return entry.mtime >= opened_ || is_seen(entry);
  };
  LayerIndex index = read(was_fresh_before);
  if (index.entries().empty()) return nullptr;
  index.mark_fresh(opened_, is_seen);
  return publish(staging, std::move(index));
}

void LayerStore::prepare_farm(const LayerStack& stack, const std::string& source,
                              const std::string& directory, FarmFiles files, InodeNotes& notes) {
  const base::Span span("layer", "link farm");
  for (const LayerPtr& layer : stack) make_tree(*layer);
  build_farm(MergedView(stack), source, directory, form_, files, notes, pool_);
}

LayerPtr LayerStore::publish(const Staging& staging, LayerIndex index) {
  LayerPtr layer = remember(random_id(), [](Layer&) {});
  publish_layer(*layer, staging.tree(), std::move(index));
  return layer;
}

// Bytes first, the index last: whoever finds the index finds the bytes. Killed in between, the tree is used
// again by the next unpacking of the same layer, or removed as nobody's by the garbage collector.
void LayerStore::publish_layer(Layer& layer, const std::string& tree, LayerIndex index) {
  std::string place = tree_place(layer.id());
  // First of all in use, so that a tree which is there already stays.
  while (!store_->use(store_->layer_path(layer.id()))) os::make_directories(store_->layer_path(layer.id()));
  store_->publish(tree, place);
  publish_index(layer, index);
  layer.set_ready(std::make_shared<const LayerIndex>(std::move(index)), place);
}

void LayerStore::publish_pack(Layer& layer, const std::string& pack, LayerIndex index) {
  while (!store_->use(store_->layer_path(layer.id()))) os::make_directories(store_->layer_path(layer.id()));
  store_->publish(pack, pack_place(layer.id()));
  publish_index(layer, index);
  auto shared = std::make_shared<const LayerIndex>(std::move(index));
  layer.set_ready(shared, std::make_shared<const FilePack>(pack_place(layer.id()), shared));
}

void LayerStore::publish_index(Layer& layer, const LayerIndex& index) {
  store_->write_file(store::layer_size_path(*store_, layer.id()), store::render_size(disk_size(index)));
  store_->write_file(index_path(layer), index.serialize());
}

// Takes the layer from the store; false when it is not there, or damaged and to be had again.
bool LayerStore::load(Layer& layer) {
  std::string tree = tree_place(layer.id());
  std::string pack = pack_place(layer.id());
  if (!store_->use(index_path(layer)) || (!exists(tree) && !exists(pack))) return false;
  try {
    auto index = std::make_shared<const LayerIndex>(
        LayerIndex::parse(os::read_file(index_path(layer), kMaximumIndex)));
    if (exists(tree)) {
      layer.set_ready(std::move(index), std::move(tree));
    } else {
      layer.set_ready(index, std::make_shared<const FilePack>(pack, index));
    }
    return true;
  } catch (base::Error& error) {
    if (error.kind() == base::ErrorKind::kCorrupt && layer.origin()) return false;
    error.context(fmt::format("layer '{}'", layer.id()));
    throw;
  }
}

void LayerStore::materialize(Layer& layer, const std::stop_token& stop) {
  if (layer.materialized()) return;
  std::scoped_lock lock(layer.making_);
  if (layer.materialized() || load(layer)) return;
  if (!layer.origin()) {
    throw base::Error(base::ErrorKind::kIo, fmt::format("layer '{}' is gone from the store", layer.id()))
        .hint("build again; steps whose layers are gone run once more");
  }
  try {
    unpack(layer, stop);
  } catch (base::Error& error) {
    error.context(fmt::format("layer '{}'", layer.origin()->diff_id.str()));
    throw;
  }
}

}  // namespace cooper::snapshot
