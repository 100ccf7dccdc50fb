// LayerStore::prepare_overlay(): what an overlay mount of a stack needs beyond the layers' own directories.
#include <algorithm>
#include <set>
#include <sys/stat.h>

#include "base/encoder.h"
#include "base/error.h"
#include "os/beneath.h"
#include "snapshot/layer_store.h"
#include "snapshot/merged_view.h"
#include "snapshot/path_order.h"
#include "snapshot/tree_writer.h"

namespace cooper::snapshot {
namespace {

constexpr std::size_t kFilesPerTask = 256;
constexpr std::size_t kBuffer = 64 << 10;

using Paths = std::set<std::string, PathLess>;

bool has_default_attributes(const Entry& entry) {
  return entry.mode == 0755 && entry.uid == 0 && entry.gid == 0;
}

// Directories that a mount would show with other attributes than the stack has: the topmost layer with the
// directory only implies it, and one further down says something else than the default.
Paths wrong_directories(const LayerStack& stack, const MergedView& view) {
  Paths wrong;
  for (std::size_t i = 1; i < stack.size(); ++i) {
    for (std::string& path : stack[i]->index().implied_directories()) {
      std::optional<Entry> truth = view.lookup(path);
      if (truth && truth->is_directory() && !has_default_attributes(*truth)) wrong.insert(std::move(path));
    }
  }
  return wrong;
}

// With all their parents, as the extra layer is the topmost and would hide what those say.
LayerIndex describe(const Paths& paths, const MergedView& view) {
  Paths all = paths;
  for (const std::string& path : paths) {
    for (std::string_view above = parent_path(path); !above.empty(); above = parent_path(above)) {
      all.insert(std::string(above));
    }
  }
  std::vector<Entry> entries;
  for (const std::string& path : all) {
    if (std::optional<Entry> truth = view.lookup(path)) entries.push_back(std::move(*truth));
  }
  return LayerIndex(std::move(entries));
}

// The files of a packed layer into a tree.
void write_files(const Layer& layer, const std::string& tree, Form form, base::ThreadPool& pool) {
  std::vector<const Entry*> files;
  for (const Entry& entry : layer.index().entries()) {
    if (entry.type == EntryType::kFile) files.push_back(&entry);
  }
  const std::size_t tasks = (files.size() + kFilesPerTask - 1) / kFilesPerTask;
  base::parallel_for(pool, tasks, 1, [&](std::size_t task) {
    TreeWriter writer(tree, form);
    std::unique_ptr<FileContents> contents = layer.contents();
    std::vector<std::byte> buffer(kBuffer);
    const std::size_t end = std::min(files.size(), (task + 1) * kFilesPerTask);
    for (std::size_t i = task * kFilesPerTask; i < end; ++i) {
      os::Fd file = writer.create_file(*files[i]);
      os::FdSink sink(file.get(), files[i]->path);
      contents->begin(*files[i]);
      while (std::size_t count = contents->read(buffer)) sink.write(base::ByteSpan(buffer).first(count));
      writer.finish_file(file, *files[i]);
    }
  });
}

}  // namespace

std::vector<std::string> LayerStore::prepare_overlay(const LayerStack& stack, const std::string& upper) {
  for (const LayerPtr& layer : stack) make_tree(*layer);
  std::vector<std::string> lower;
  std::string fixed = fix_directories(stack);
  if (!fixed.empty()) lower.push_back(std::move(fixed));
  for (auto layer = stack.rbegin(); layer != stack.rend(); ++layer) {
    // A layer that lies in the stack twice counts where it is topmost: what it says there is all that it says
    // further down. Overlay refuses the same directory a second time (ELOOP).
    if (std::find(lower.begin(), lower.end(), (*layer)->tree()) != lower.end()) continue;
    lower.push_back((*layer)->tree());
    // Overlay does not look for the mark on a layer's root.
    const Entry* root = (*layer)->index().find("");
    if (root != nullptr && root->opaque) break;
  }
  if (!upper.empty()) {
    // The root of a mount is upper's own directory.
    std::optional<Entry> root = MergedView(stack).lookup("");
    TreeWriter writer(upper, form_);
    writer.add(*root);
    writer.finish_directories(LayerIndex({*root}));
  }
  return lower;
}

void LayerStore::make_tree(Layer& layer) {
  if (layer.has_tree()) return;
  std::scoped_lock lock(layer.making_);
  if (layer.has_tree()) return;
  const std::string place = tree_place(layer.id());
  Staging staging = begin();
  write_files(layer, staging.tree(), form_, pool_);
  TreeWriter(staging.tree(), form_).adopt(layer.index(), /*files_finished=*/true);
  store_->publish(staging.tree(), place);
  layer.set_tree(place);
}

// The directory of the extra layer for `stack`, made once; "" when none is needed.
std::string LayerStore::fix_directories(const LayerStack& stack) {
  MergedView view(stack);
  Paths wrong = wrong_directories(stack, view);
  if (wrong.empty()) return {};
  base::Encoder key;
  key.list("layers", stack.size());
  for (const LayerPtr& layer : stack) key.field("id", layer->id());
  std::string place = tree_place("directories-" + key.digest().hex());
  if (store_->use(place)) return place;

  Staging staging = begin();
  TreeWriter(staging.tree(), form_).adopt(describe(wrong, view));
  store_->publish(staging.tree(), place);
  return place;
}

}  // namespace cooper::snapshot
