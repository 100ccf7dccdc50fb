#include "store/usage.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <unordered_map>

#include "base/error.h"
#include "os/disk_usage.h"
#include "os/fd.h"
#include "os/file_lock.h"
#include "os/file_time.h"
#include "os/list_directory.h"
#include "store/discard.h"
#include "store/size_memo.h"

namespace cooper::store {
namespace {

// A layer's directory, the size beside the index, and what sealing leaves there.
constexpr std::uint64_t kBesideIndex = 3 * (os::kBlockUsage + os::kInodeUsage);

std::optional<struct stat> examine(int directory, const std::string& name) {
  struct stat status {};
  if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  return status;
}

std::optional<struct stat> examine(const std::string& path) {
  return examine(AT_FDCWD, path);
}

std::optional<std::uint64_t> read_size(int directory, const std::string& name) {
  const os::Fd file(::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  std::array<char, 32> text{};
  const ssize_t count = file.valid() ? ::read(file.get(), text.data(), text.size()) : -1;
  if (count < 0) return std::nullopt;
  return parse_size(std::string_view(text.data(), static_cast<std::size_t>(count)));
}

class Meter {
 public:
  explicit Meter(const Store& store)
      : store_(store),
        sums_(store, store.path() + "/usage", std::min(os::file_system_now(), store.oldest_other_lease())) {}

  Usage run() {
    add_layers();
    add_files(ItemKind::kBlob, "blobs/sha256");
    add_records();
    for (const std::string& name : os::list_directory(store_.mounts_path())) add_mount(name);
    for (const std::string& kind : os::list_directory(store_.sources_path())) add_sources(kind);
    add_work();
    add_rest();
    sums_.save();
    return std::move(usage_);
  }

 private:
  void add_layers() {
    for (const std::string& form : os::list_directory(store_.path() + "/trees")) {
      for (std::string& id : os::list_directory(store_.path() + "/trees/" + form)) {
        std::string tree = store_.tree_path(form, id);
        trees_[std::move(id)].push_back(std::move(tree));
      }
    }
    os::visit_directory(store_.path() + "/layers",
                        [this](int directory, const std::string& id) { add_layer(directory, id); });
    for (auto& [id, trees] : trees_) add_bare_trees(id, std::move(trees));
  }

  void add_layer(int directory, const std::string& id) {
    Item item = item_of(ItemKind::kLayer, id, store_.layer_path(id));
    item.stamp = item.paths[0] + "/index";
    std::optional<struct stat> status = examine(directory, id + "/index");
    item.has_index = status.has_value();
    if (!item.has_index) item.stamp = item.paths[0];
    if (!status && !(status = examine(item.stamp))) return;
    auto trees = trees_.find(id);
    if (trees != trees_.end()) {
      item.size = layer_size(directory, id, trees->second.front()) * trees->second.size();
      std::move(trees->second.begin(), trees->second.end(), std::back_inserter(item.paths));
      trees_.erase(trees);
    }
    item.size += os::disk_usage(*status) + kBesideIndex;
    item.last_used = os::nanoseconds(status->st_mtim);
    if (std::optional<struct stat> pack = examine(directory, id + "/pack"))
      item.size += os::disk_usage(*pack);
    usage_.items.push_back(std::move(item));
  }

  // Layers that were published before sizes were kept are walked once.
  std::uint64_t layer_size(int directory, const std::string& id, const std::string& tree) {
    if (auto known = read_size(directory, id + "/size")) return *known;
    std::uint64_t bytes = os::tree_usage(tree);
    try {
      store_.write_file(layer_size_path(store_, id), render_size(bytes));
    } catch (const base::Error&) {
      return bytes;  // it was removed just now, or is not ours
    }
    return bytes;
  }

  void add_bare_trees(const std::string& id, std::vector<std::string> trees) {
    for (std::string& tree : trees) {
      Item item = item_of(ItemKind::kLayer, id, std::move(tree));
      item.by_change = true;
      item.claim = store_.layer_path(id);
      item.has_index = false;
      add_directory(std::move(item));
    }
  }

  void add_directory(Item item) {
    std::optional<std::int64_t> used = read_last_used(item);
    if (!used) return;
    item.last_used = *used;
    item.size += sums_.measure(item.paths[0], *used);
    usage_.items.push_back(std::move(item));
  }

  void add_files(ItemKind kind, const std::string& folder) {
    const std::string place = store_.path() + "/" + folder;
    os::visit_directory(place, [&](int directory, const std::string& name) {
      std::optional<struct stat> status = examine(directory, name);
      if (!status) return;
      Item item = item_of(kind, kind == ItemKind::kBlob ? name : folder + "/" + name, place + "/" + name);
      item.size = os::disk_usage(*status);
      item.last_used = os::nanoseconds(status->st_mtim);
      usage_.items.push_back(std::move(item));
    });
  }

  void add_records() {
    for (const std::string& folder : os::list_directory(store_.records_path())) {
      add_files(folder == "steps" ? ItemKind::kStepRecord : ItemKind::kRecord, "records/" + folder);
      usage_.rest += os::kBlockUsage + os::kInodeUsage;
    }
  }

  void add_mount(const std::string& name) {
    add_directory(item_of(ItemKind::kMount, "mounts/" + name, store_.mounts_path() + "/" + name));
  }

  // A repository has its lock beside it, whose time is that of its last use.
  void add_sources(const std::string& kind) {
    if (kind != "git") return add_files(ItemKind::kSource, "sources/" + kind);
    for (const std::string& name : os::list_directory(store_.sources_path() + "/git")) {
      if (name.ends_with(".lock")) continue;
      Item item = item_of(ItemKind::kSource, "sources/git/" + name, store_.sources_path() + "/git/" + name);
      item.lock = item.paths[0] + ".lock";
      if (examine(item.lock)) item.stamp = item.lock;
      add_directory(std::move(item));
    }
  }

  // What a collector is removing is as good as gone; but not what it could not remove.
  void add_work() {
    for (const std::string& lease : os::list_directory(store_.path() + "/tmp")) {
      std::string work = store_.path() + "/tmp/" + lease;
      bool alive = os::FileLock::is_held(store_.path() + "/leases/" + lease);
      for (const std::string& name : os::list_directory(work)) {
        if (!alive || !name.starts_with(kDiscarded)) usage_.work += os::tree_usage(work + "/" + name);
      }
    }
  }

  void add_rest() {
    for (const std::string& name : os::list_directory(store_.path())) {
      const bool ours = name == "blobs" || name == "layers" || name == "trees" || name == "records" ||
                        name == "sources" || name == "mounts" || name == "tmp";
      if (!ours) usage_.rest += os::tree_usage(store_.path() + "/" + name);
    }
  }

  static Item item_of(ItemKind kind, std::string id, std::string path) {
    Item item;
    item.kind = kind;
    item.id = std::move(id);
    item.stamp = path;
    item.paths.push_back(std::move(path));
    return item;
  }

  const Store& store_;
  SizeMemo sums_;
  std::unordered_map<std::string, std::vector<std::string>> trees_;  // by id, until its layer is found
  Usage usage_;
};

}  // namespace

std::string_view kind_name(ItemKind kind) {
  switch (kind) {
    case ItemKind::kLayer:
      return "layer";
    case ItemKind::kBlob:
      return "blob";
    case ItemKind::kMount:
      return "mount";
    case ItemKind::kSource:
      return "source";
    case ItemKind::kRecord:
    case ItemKind::kStepRecord:
      return "record";
  }
  return "item";
}

std::uint64_t Usage::total() const {
  std::uint64_t total = work + rest;
  for (const Item& item : items) total += item.size;
  return total;
}

Usage measure_usage(const Store& store) {
  return Meter(store).run();
}

std::optional<std::int64_t> read_last_used(const Item& item) {
  std::optional<struct stat> status = examine(item.stamp);
  if (!status) return std::nullopt;
  return os::nanoseconds(item.by_change ? status->st_ctim : status->st_mtim);
}

std::string layer_size_path(const Store& store, const std::string& id) {
  return store.layer_path(id) + "/size";
}

std::string render_size(std::uint64_t bytes) {
  return fmt::format("{}\n", bytes);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t bytes = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  if (error != std::errc() || std::string_view(end, text.data() + text.size() - end) != "\n")
    return std::nullopt;
  return bytes;
}

}  // namespace cooper::store
