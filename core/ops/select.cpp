#include <algorithm>
#include <fmt/format.h>

#include "archive/foreign.h"
#include "base/error.h"
#include "base/text.h"
#include "context/local_tree.h"
#include "context/pattern_matcher.h"
#include "ops/copy.h"

namespace cooper::ops {
namespace {

using snapshot::Entry;
using snapshot::EntryType;
using snapshot::TreeView;

bool has_wildcard(std::string_view path) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '\\') {
      ++i;
    } else if (path[i] == '*' || path[i] == '?' || path[i] == '[') {
      return true;
    }
  }
  return false;
}

// Paths that match `pattern` component by component; the part before the first wildcard follows symlinks.
std::vector<std::string> expand(const TreeView& tree, const std::string& pattern) {
  std::vector<std::string> components = base::split(pattern, '/');
  std::string literal;
  std::size_t next = 0;
  while (next < components.size() && !has_wildcard(components[next])) {
    literal = snapshot::join_path(literal, components[next++]);
  }
  std::vector<std::string> found = {snapshot::resolve_symlinks(tree, literal, true)};
  for (; next < components.size(); ++next) {
    std::vector<std::string> deeper;
    for (const std::string& directory : found) {
      for (const Entry& entry : tree.list(directory)) {
        if (context::filepath_match(components[next], snapshot::base_name(entry.path)))
          deeper.push_back(entry.path);
      }
    }
    found = std::move(deeper);
  }
  return found;
}

[[noreturn]] void not_found(const std::string& path) {
  throw base::Error(base::ErrorKind::kContext, fmt::format("'/{}': not found", path))
      .hint("check the spelling, and that .dockerignore does not leave it out");
}

std::string_view relative_to(std::string_view path, std::string_view root) {
  if (root.empty()) return path;
  return path.size() > root.size() ? path.substr(root.size() + 1) : std::string_view();
}

// Drops entries that `keep` refuses; a refused directory stays when something below it is kept.
template <typename Keep>
std::vector<Entry> filter(std::vector<Entry> entries, const std::string& root, Keep keep) {
  std::vector<bool> kept(entries.size());
  std::string last_kept;
  for (std::size_t i = entries.size(); i-- > 0;) {
    const Entry& entry = entries[i];
    bool leads_to_kept = entry.is_directory() && last_kept.starts_with(entry.path + "/");
    kept[i] = leads_to_kept || keep(std::string(relative_to(entry.path, root)));
    if (kept[i]) last_kept = entry.path;
  }
  std::vector<Entry> result;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (kept[i]) result.push_back(std::move(entries[i]));
  }
  return result;
}

bool is_archive(const TreeView& tree, const Entry& file) {
  os::Fd fd = tree.open(file.path);
  os::FdSource source(fd.get(), file.path);
  return archive::is_unpackable(source);
}

std::vector<Entry> entries_below(const TreeView& tree, const std::string& directory, base::ThreadPool& pool) {
  std::vector<Entry> entries = context::walk(tree, directory, pool);
  if (!entries.empty() && entries.front().path == directory) entries.erase(entries.begin());
  return entries;
}

// --parents: the part after "/./" selects below the part before it, and is kept in the destination.
std::vector<Selection> select_with_parents(const TreeView& tree, const std::string& source,
                                           base::ThreadPool& pool, const context::PatternMatcher& excludes) {
  std::size_t pivot = source.find("/./");
  std::string root_pattern = snapshot::clean_path(pivot == std::string::npos ? "" : source.substr(0, pivot));
  std::string wanted = snapshot::clean_path(pivot == std::string::npos ? source : source.substr(pivot + 3));
  std::vector<std::string> roots = {snapshot::resolve_symlinks(tree, root_pattern, true)};
  if (has_wildcard(root_pattern)) roots = expand(tree, root_pattern);
  context::PatternMatcher includes({wanted.empty() ? "**" : wanted});
  bool literal = !has_wildcard(wanted);
  std::vector<Selection> selections;
  for (const std::string& root : roots) {
    std::optional<Entry> entry = tree.lookup(root);
    if (!entry || !entry->is_directory()) continue;
    if (literal && !tree.lookup(snapshot::resolve_symlinks(tree, snapshot::join_path(root, wanted), false))) {
      if (roots.size() == 1) not_found(snapshot::join_path(root, wanted));
      continue;
    }
    // A literal path's own subtree is all that can be selected, with the directories that lead to it.
    std::vector<Entry> below = filter(entries_below(tree, root, pool), root, [&](const std::string& path) {
      return includes.matches_or_parent_matches(path) && !excludes.matches_or_parent_matches(path);
    });
    selections.push_back({root, *entry, std::move(below), false});
  }
  if (selections.empty() && !has_wildcard(source)) not_found(snapshot::clean_path(source));
  return selections;
}

Selection select_one(const graph::CopyAction& action, const TreeView& tree, const std::string& path,
                     base::ThreadPool& pool, const context::PatternMatcher& excludes) {
  std::string real = snapshot::resolve_symlinks(tree, path, action.follow_symlinks);
  std::optional<Entry> entry = tree.lookup(real);
  if (!entry) not_found(path);
  Selection selection{path, *entry, {}, false};
  if (entry->is_directory()) {
    selection.entries = entries_below(tree, real, pool);
    if (!excludes.empty()) {
      selection.entries = filter(std::move(selection.entries), real, [&](const std::string& below) {
        return !excludes.matches_or_parent_matches(below);
      });
    }
  } else if (action.unpack_archives && entry->type == EntryType::kFile) {
    selection.is_archive = is_archive(tree, *entry);
  }
  return selection;
}

}  // namespace

std::vector<Selection> select_sources(const graph::CopyAction& action, const TreeView& tree,
                                      base::ThreadPool& pool) {
  context::PatternMatcher excludes(action.excludes);
  std::vector<Selection> selections;
  for (const std::string& source : action.sources) {
    if (action.keep_parents) {
      for (Selection& selection : select_with_parents(tree, source, pool, excludes)) {
        selections.push_back(std::move(selection));
      }
      continue;
    }
    std::string path = snapshot::clean_path(source);
    std::vector<std::string> matches = {path};
    if (!action.literal && has_wildcard(path)) {
      matches = expand(tree, path);
      if (matches.empty() && !action.allow_empty_wildcard) not_found(path);
    }
    for (const std::string& match : matches) {
      Selection selection = select_one(action, tree, match, pool, excludes);
      bool excluded_file = !selection.root.is_directory() &&
                           excludes.matches_or_parent_matches(std::string(snapshot::base_name(match)));
      if (!excluded_file) selections.push_back(std::move(selection));
    }
  }
  return selections;
}

}  // namespace cooper::ops
