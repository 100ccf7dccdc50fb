#include "ops/selection_memo.h"

#include "context/local_tree.h"
#include "ops/services.h"

namespace cooper::ops {

Selections SelectionMemo::find_or_make(int vertex, std::size_t action,
                                       const std::function<std::vector<Selection>()>& make) {
  std::pair<int, std::size_t> place(vertex, action);
  Selections found = known_.with([&](auto& known) {
    auto entry = known.find(place);
    return entry == known.end() ? nullptr : entry->second;
  });
  if (found != nullptr) return found;
  auto made = std::make_shared<const std::vector<Selection>>(make());
  return known_.with([&](auto& known) { return known.try_emplace(place, std::move(made)).first->second; });
}

Selections select_from_context(int vertex, std::size_t action, const graph::CopyAction& copy,
                               const snapshot::TreeView& context, Services& services) {
  auto make = [&] {
    std::vector<Selection> selections = select_sources(copy, context, *services.pool);
    for (Selection& selection : selections) {
      if (selection.root.type == snapshot::EntryType::kFile) {
        selection.root.content = context.content_digest(selection.root);
      }
      context::hash_contents(context, selection.entries, *services.pool);
    }
    return selections;
  };
  if (services.selections == nullptr) return std::make_shared<const std::vector<Selection>>(make());
  return services.selections->find_or_make(vertex, action, make);
}

}  // namespace cooper::ops
