#include "build/context_view.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>

#include "base/error.h"
#include "context/local_tree.h"

namespace cooper::build {

namespace {

using snapshot::Entry;

bool is_below(std::string_view path, std::string_view directory) {
  if (directory.empty()) return true;
  return path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/';
}

}  // namespace

ContextView::ContextView(std::shared_ptr<const snapshot::TreeView> tree, const std::string& directory)
    : tree_(std::move(tree)),
      directory_(snapshot::resolve_symlinks(*tree_, snapshot::clean_path(directory), true)) {
  const std::optional<Entry> found = tree_->lookup(directory_);
  if (directory_.empty() || (found && found->is_directory())) return;
  throw base::Error(base::ErrorKind::kContext,
                    fmt::format("the build context has no directory '{}'", directory))
      .hint("name one that is in what was fetched");
}

void ContextView::ignore(const context::PatternMatcher& ignored, base::ThreadPool& pool) {
  using State = context::PatternMatcher::ParentState;
  std::vector<Entry> entries = context::walk(*this, "", pool);
  std::vector<bool> kept(entries.size());
  std::vector<std::pair<std::string_view, State>> parents = {{"", {}}};
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Entry& entry = entries[i];
    if (entry.path.empty()) continue;
    while (!is_below(entry.path, parents.back().first)) parents.pop_back();
    State state;
    kept[i] = !ignored.matches(entry.path, parents.back().second, state);
    if (entry.is_directory()) parents.emplace_back(entry.path, std::move(state));
  }
  std::string_view last_kept;
  for (std::size_t i = entries.size(); i-- > 0;) {
    const std::string& path = entries[i].path;
    const bool leads_to_kept = !last_kept.empty() && is_below(last_kept, path);
    if (kept[i] || leads_to_kept) {
      last_kept = path;
    } else if (!path.empty()) {
      hidden_.insert(path);
    }
  }
}

Entry ContextView::inside(Entry entry) const {
  if (!directory_.empty()) entry.path.erase(0, std::min(entry.path.size(), directory_.size() + 1));
  return entry;
}

Entry ContextView::outside(Entry entry) const {
  entry.path = snapshot::join_path(directory_, entry.path);
  return entry;
}

std::optional<Entry> ContextView::lookup(const std::string& path) const {
  if (is_hidden(path)) return std::nullopt;
  std::optional<Entry> entry =
      tree_->lookup(path.empty() ? directory_ : snapshot::join_path(directory_, path));
  if (entry) entry = inside(std::move(*entry));
  return entry;
}

std::vector<Entry> ContextView::list(const std::string& path) const {
  std::vector<Entry> entries;
  for (Entry& entry : tree_->list(path.empty() ? directory_ : snapshot::join_path(directory_, path))) {
    Entry shown = inside(std::move(entry));
    if (!is_hidden(shown.path)) entries.push_back(std::move(shown));
  }
  return entries;
}

os::Fd ContextView::open(const std::string& path) const {
  if (is_hidden(path)) throw base::os_error(ENOENT, "open", path);
  return tree_->open(snapshot::join_path(directory_, path));
}

base::Digest ContextView::content_digest(const Entry& entry) const {
  return tree_->content_digest(outside(entry));
}

std::string ContextView::link_group(const Entry& entry) const {
  return tree_->link_group(outside(entry));
}

}  // namespace cooper::build
