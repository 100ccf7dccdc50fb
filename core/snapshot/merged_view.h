// A stack of layers read as one tree, without any mount. Every layer must be materialised.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "snapshot/layer.h"
#include "snapshot/tree_view.h"

namespace cooper::snapshot {

// A child of a directory, and where it is from.
struct LocatedEntry {
  Entry entry;
  const Layer* layer = nullptr;  // null for a directory that layers only imply
  std::string link_target;       // of a file with several names: the first of them, in the same layer
};

class MergedView final : public TreeView {
 public:
  explicit MergedView(LayerStack stack);

  std::optional<Entry> lookup(const std::string& path) const override;
  std::vector<Entry> list(const std::string& path) const override;
  os::Fd open(const std::string& path) const override;
  bool has_immutable_files() const override { return true; }
  base::Digest content_digest(const Entry& entry) const override;
  std::string link_group(const Entry& entry) const override;
  // list() with the layers' names.
  std::vector<LocatedEntry> locate(const std::string& path) const;

  const LayerStack& stack() const { return stack_; }

 private:
  struct Part;   // what one layer has below a directory
  struct Place;  // what answers for a path
  static std::optional<Place> step(const std::vector<Part>& parts, const std::string& path);
  std::optional<Place> place(const std::string& path) const;
  // The children of a directory; none of anything else.
  std::vector<std::pair<std::string, Place>> places_below(const std::string& path) const;
  LayerStack stack_;
  std::shared_ptr<const Place> root_;
};

}  // namespace cooper::snapshot
