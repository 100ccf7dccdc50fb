// Reading all of a tree, directories and contents in parallel.
#include <unordered_map>
#include <utility>

#include "context/local_tree.h"

namespace cooper::context {
namespace {

using snapshot::Entry;

constexpr std::size_t kHashBlock = 16;

using Listings = std::unordered_map<std::string, std::vector<Entry>>;

// What every directory below `path` holds. Level by level: the directories of a level are read at the same
// time.
Listings list_all(const snapshot::TreeView& tree, const std::string& path, base::ThreadPool& pool) {
  Listings listings;
  std::vector<std::string> level{path};
  while (!level.empty()) {
    std::vector<std::vector<Entry>> found(level.size());
    base::parallel_for(pool, level.size(), 1, [&](std::size_t i) { found[i] = tree.list(level[i]); });
    std::vector<std::string> next;
    for (std::size_t i = 0; i < level.size(); ++i) {
      for (const Entry& entry : found[i]) {
        if (entry.is_directory()) next.push_back(entry.path);
      }
      listings.emplace(std::move(level[i]), std::move(found[i]));
    }
    level = std::move(next);
  }
  return listings;
}

// A directory that is being written out, and how far.
struct Open {
  std::vector<Entry> entries;
  std::size_t next = 0;
};

// Puts the listings one into the other. Each is sorted by name, so that the result needs no sorting.
void nest(Listings& listings, const std::string& top, std::vector<Entry>& all) {
  std::vector<Open> open;
  auto descend = [&](const std::string& path) {
    auto found = listings.find(path);
    if (found != listings.end()) open.push_back({std::move(found->second)});
  };
  descend(top);
  while (!open.empty()) {
    Open& directory = open.back();
    if (directory.next == directory.entries.size()) {
      open.pop_back();
      continue;
    }
    all.push_back(std::move(directory.entries[directory.next++]));
    if (all.back().is_directory()) descend(all.back().path);
  }
}

}  // namespace

std::vector<Entry> walk(const snapshot::TreeView& tree, const std::string& path, base::ThreadPool& pool) {
  std::vector<Entry> all;
  auto top = tree.lookup(path);
  if (!top) return all;
  const bool directory = top->is_directory();
  all.push_back(std::move(*top));
  if (!directory) return all;
  Listings listings = list_all(tree, path, pool);
  std::size_t count = 1;
  for (const auto& [name, entries] : listings) count += entries.size();
  all.reserve(count);
  nest(listings, path, all);
  return all;
}

void hash_contents(const snapshot::TreeView& tree, std::vector<Entry>& entries, base::ThreadPool& pool) {
  base::parallel_for(pool, entries.size(), kHashBlock, [&](std::size_t i) {
    Entry& entry = entries[i];
    if (entry.type == snapshot::EntryType::kFile && entry.content.empty())
      entry.content = tree.content_digest(entry);
  });
}

}  // namespace cooper::context
