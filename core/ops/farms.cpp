#include "ops/farms.h"

#include <sys/stat.h>

#include "base/error.h"

namespace cooper::ops {
namespace {

// Each costs an inode per directory of its stack, and is only of use to a step on the same layers.
constexpr std::size_t kMostIdle = 16;

std::string name_of(const snapshot::LayerStack& stack) {
  std::string name;
  for (const snapshot::LayerPtr& layer : stack) name += layer->id() + "\n";
  return name;
}

std::size_t count_entries(const snapshot::LayerStack& stack) {
  std::size_t count = 0;
  for (const snapshot::LayerPtr& layer : stack) count += layer->index().entries().size();
  return count;
}

void make_directory(const std::string& path) {
  base::check(::mkdir(path.c_str(), 0700), "create directory", path);
}

}  // namespace

StepTree::StepTree(os::TempDir directory, sandbox::stub::Owners owners, std::size_t inodes)
    : directory_(std::move(directory)), board_(owners, inodes), notes_(board_) {
  make_directory(farm());
  make_directory(aside());
}

bool StepTree::has_room() const {
  const sandbox::stub::Board& header = board_.header();
  return header.used < header.capacity / 2 && header.xattrs_used < header.xattr_capacity / 2 &&
         header.table_full == 0;
}

std::unique_ptr<StepTree> Farms::take(const snapshot::LayerStack& stack) {
  std::unique_ptr<StepTree> tree = idle_.with([&](auto& idle) -> std::unique_ptr<StepTree> {
    auto found = idle.find(name_of(stack));
    if (found == idle.end()) return nullptr;
    std::unique_ptr<StepTree> taken = std::move(found->second);
    idle.erase(found);
    return taken;
  });
  if (tree != nullptr) return tree;
  const bool real = layers_.form() == snapshot::Form::kReal;
  tree = std::make_unique<StepTree>(layers_.store().make_temp("farm-"),
                                    real ? sandbox::stub::Owners::kReal : sandbox::stub::Owners::kTable,
                                    count_entries(stack));
  layers_.prepare_farm(stack, "", tree->farm(), snapshot::FarmFiles::kLinked, tree->notes());
  return tree;
}

void Farms::give_back(const snapshot::LayerStack& stack, std::unique_ptr<StepTree> tree) {
  if (!tree->has_room()) return;
  idle_.with([&](auto& idle) {
    if (idle.size() < kMostIdle) idle[name_of(stack)].swap(tree);
  });
}

}  // namespace cooper::ops
