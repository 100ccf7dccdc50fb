#include "ops/copy.h"

#include "ops/unpack.h"

namespace cooper::ops {
namespace {

using snapshot::Entry;
using snapshot::EntryType;
using snapshot::TreeView;

class Copier {
 public:
  Copier(TreeBuilder& builder, const graph::CopyAction& action, std::shared_ptr<const TreeView> source,
         const CopyAttributes& attributes, const std::string& scratch)
      : builder_(builder),
        action_(action),
        source_(std::move(source)),
        attributes_(attributes),
        scratch_(scratch) {}

  void copy(const Selection& selection) {
    if (selection.is_archive) {
      unpack_into(builder_, *source_, selection.root, make_target_directory(), attributes_, scratch_);
    } else if (selection.root.is_directory()) {
      copy_directory(selection, make_target_directory());
    } else {
      put(selection.root, file_target(selection));
    }
  }

 private:
  NewDirectory new_directory() const {
    return {0755, attributes_.uid.value_or(0), attributes_.gid.value_or(0), attributes_.now};
  }

  std::string make_target_directory() {
    return builder_.make_directories(snapshot::clean_path(action_.destination), new_directory());
  }

  // A destination that is or names a directory gets the file inside, under the name that COPY wrote.
  std::string file_target(const Selection& selection) {
    std::string wanted = snapshot::clean_path(action_.destination);
    std::string real = snapshot::resolve_symlinks(builder_, wanted, true);
    auto existing = builder_.lookup(real);
    bool into_directory = action_.destination.ends_with('/') || (existing && existing->is_directory());
    if (into_directory) {
      return snapshot::join_path(make_target_directory(), snapshot::base_name(selection.named));
    }
    std::string parent = builder_.make_directories(std::string(snapshot::parent_path(real)), new_directory());
    return snapshot::join_path(parent, snapshot::base_name(real));
  }

  void copy_directory(const Selection& selection, const std::string& target) {
    std::size_t skip = selection.root.path.empty() ? 0 : selection.root.path.size() + 1;
    for (const Entry& entry : selection.entries)
      put(entry, snapshot::join_path(target, entry.path.substr(skip)));
  }

  // With --parents, directories that are there already stay as they are.
  bool keeps(const Entry& source, const std::string& target) const {
    if (!action_.keep_parents || !source.is_directory()) return false;
    std::optional<Entry> existing = builder_.lookup(target);
    return existing && existing->is_directory();
  }

  void put(const Entry& source, std::string target) {
    if (keeps(source, target)) return;
    Addition addition{source, {source_, source.path, {}}, {}};
    if (source.type == EntryType::kFile) addition.link_group = source_->link_group(source);
    if (source.type != EntryType::kFile) addition.bytes = {};
    Entry& entry = addition.entry;
    entry.path = std::move(target);
    entry.opaque = false;
    if (attributes_.uid) entry.uid = *attributes_.uid;
    if (attributes_.gid) entry.gid = *attributes_.gid;
    if (!attributes_.mode.empty() && entry.type != EntryType::kSymlink) {
      entry.mode = apply_mode(attributes_.mode, entry.mode, entry.is_directory());
    }
    if (attributes_.fixed_mtime) {
      entry.mtime = *attributes_.fixed_mtime;
      entry.mtime_nsec = 0;
      entry.fresh = true;
    }
    builder_.put(std::move(addition));
  }

  TreeBuilder& builder_;
  const graph::CopyAction& action_;
  std::shared_ptr<const TreeView> source_;
  const CopyAttributes& attributes_;
  const std::string& scratch_;
};

}  // namespace

void copy_into(TreeBuilder& builder, const graph::CopyAction& action,
               const std::vector<Selection>& selections, const std::shared_ptr<const TreeView>& source,
               const CopyAttributes& attributes, const std::string& scratch) {
  Copier copier(builder, action, source, attributes, scratch);
  for (const Selection& selection : selections) copier.copy(selection);
}

}  // namespace cooper::ops
