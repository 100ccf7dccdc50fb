#include "ops/squash.h"

#include <algorithm>
#include <map>
#include <optional>

#include "ops/stage.h"
#include "ops/tree_builder.h"
#include "snapshot/merged_view.h"
#include "snapshot/path_order.h"

namespace cooper::ops {

namespace {

using snapshot::Entry;
using snapshot::EntryType;

bool is_at_or_below(std::string_view path, std::string_view directory) {
  if (directory.empty() || path == directory) return true;
  return path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/';
}

// What became of a path in the course of the layers.
struct Touched {
  bool was_removed = false;   // hides what is below the layers
  bool was_replaced = false;  // the same, and as a directory what lies in it
};

// Parents first.
using TouchedPaths = std::map<std::string, Touched, snapshot::PathLess>;

TouchedPaths touched_by(const snapshot::LayerStack& layers, const std::vector<std::string>& left_out) {
  TouchedPaths touched;
  for (const snapshot::LayerPtr& layer : layers) {
    for (const Entry& entry : layer->index().entries()) {
      const bool is_left_out = std::any_of(left_out.begin(), left_out.end(), [&](const std::string& path) {
        return is_at_or_below(entry.path, path);
      });
      if (is_left_out) continue;
      Touched& state = touched[entry.path];
      state.was_removed |= entry.type == EntryType::kWhiteout;
      state.was_replaced |= !entry.is_directory() || entry.opaque;
    }
  }
  return touched;
}

Entry whiteout_at(const std::string& path) {
  Entry entry;
  entry.path = path;
  entry.type = EntryType::kWhiteout;
  return entry;
}

class Squasher {
 public:
  explicit Squasher(const snapshot::LayerStack& layers)
      : view_(std::make_shared<const snapshot::MergedView>(layers)) {}

  std::vector<Addition> additions(const TouchedPaths& touched) {
    for (const auto& [path, state] : touched) add(path, state);
    return std::move(additions_);
  }

 private:
  void add(const std::string& path, const Touched& state) {
    if (hidden_below_ && path != *hidden_below_ && !is_at_or_below(path, *hidden_below_))
      hidden_below_.reset();
    std::optional<Entry> entry = view_->lookup(path);
    if (!entry) {
      if (hidden_below_ || !state.was_removed) return;
      additions_.push_back({whiteout_at(path), {}, {}});
      hidden_below_ = path;
      return;
    }
    if (entry->is_directory()) {
      entry->opaque = state.was_replaced && !hidden_below_;
      if (entry->opaque) hidden_below_ = path;
    }
    add_entry(std::move(*entry));
  }

  // Files of one group are names of the first of them.
  void add_entry(Entry entry) {
    Addition addition;
    if (entry.type == EntryType::kFile) {
      const std::string group = view_->link_group(entry);
      const auto [first, is_first] = first_of_.try_emplace(group, entry.path);
      if (!group.empty() && !is_first) {
        entry.type = EntryType::kHardlink;
        entry.link_target = first->second;
      } else {
        addition.bytes = {view_, entry.path, {}};
      }
    }
    addition.entry = std::move(entry);
    additions_.push_back(std::move(addition));
  }

  const std::shared_ptr<const snapshot::MergedView> view_;
  std::map<std::string, std::string> first_of_;  // link group → path
  std::optional<std::string> hidden_below_;      // nothing of the layers below shows there
  std::vector<Addition> additions_;
};

}  // namespace

snapshot::LayerPtr squash(const snapshot::LayerStack& layers, const std::vector<std::string>& left_out,
                          snapshot::LayerStore& store, base::ThreadPool& pool, const std::stop_token& stop) {
  for (const snapshot::LayerPtr& layer : layers) store.materialize(*layer, stop);
  std::vector<std::string> clean;
  for (const std::string& path : left_out) clean.push_back(snapshot::clean_path(path));
  snapshot::Staging staging = store.begin();
  snapshot::LayerIndex index = stage_additions(Squasher(layers).additions(touched_by(layers, clean)), staging,
                                               store.form(), LayerUse::kOnlyRead, pool);
  return store.commit(std::move(staging), std::move(index));
}

}  // namespace cooper::ops
