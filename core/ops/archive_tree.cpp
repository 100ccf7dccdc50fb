#include "ops/archive_tree.h"

#include <algorithm>
#include <cerrno>
#include <unordered_map>

#include "base/error.h"
#include "ops/unpack.h"

namespace cooper::ops {
namespace {

using snapshot::Entry;
using snapshot::EntryType;

bool is_below(std::string_view path, std::string_view directory) {
  if (directory.empty()) return !path.empty();
  return path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/';
}

// TreeBuilder names the first of several linked files in the others; here each is a file with the same bytes.
void turn_hardlinks_into_files(std::vector<Addition>& members) {
  std::unordered_map<std::string, const Addition*> files;
  for (Addition& member : members) {
    if (member.entry.type == EntryType::kFile && !member.link_group.empty()) {
      files.emplace(member.link_group, &member);
    } else if (member.entry.type == EntryType::kHardlink) {
      member.entry.type = EntryType::kFile;
      member.entry.link_target.clear();
      member.bytes = files.at(member.link_group)->bytes;
    }
  }
}

}  // namespace

ArchiveTree::ArchiveTree(std::shared_ptr<const os::TempDir> storage, std::vector<Addition> members)
    : storage_(std::move(storage)), members_(std::move(members)) {}

std::shared_ptr<const ArchiveTree> ArchiveTree::unpack(base::ByteSource& in, const std::string& name,
                                                       os::TempDir directory, std::int64_t now) {
  auto storage = std::make_shared<const os::TempDir>(std::move(directory));
  TreeBuilder builder(nullptr);
  CopyAttributes attributes;
  attributes.now = now;
  unpack_stream(builder, in, name, "", attributes, storage->path());
  std::vector<Addition> members = builder.take();
  turn_hardlinks_into_files(members);
  return std::shared_ptr<const ArchiveTree>(new ArchiveTree(std::move(storage), std::move(members)));
}

// Members come parents first, so the states of the directories on the way are at hand; then backwards,
// because what is kept keeps its parents.
std::shared_ptr<const ArchiveTree> ArchiveTree::without(const context::PatternMatcher& ignored) const {
  using State = context::PatternMatcher::ParentState;
  std::vector<std::pair<std::string_view, State>> parents = {{"", {}}};
  std::vector<bool> kept(members_.size());
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const Entry& entry = members_[i].entry;
    while (!is_below(entry.path, parents.back().first)) parents.pop_back();
    State state;
    kept[i] = !ignored.matches(entry.path, parents.back().second, state);
    if (entry.is_directory()) parents.emplace_back(entry.path, std::move(state));
  }
  std::string_view last_kept;
  for (std::size_t i = members_.size(); i-- > 0;) {
    if (!kept[i]) kept[i] = is_below(last_kept, members_[i].entry.path);
    if (kept[i]) last_kept = members_[i].entry.path;
  }
  std::vector<Addition> rest;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (kept[i]) rest.push_back(members_[i]);
  }
  return std::shared_ptr<const ArchiveTree>(new ArchiveTree(storage_, std::move(rest)));
}

std::optional<std::int64_t> ArchiveTree::newest_file() const {
  std::optional<std::int64_t> newest;
  for (const Addition& member : members_) {
    if (member.entry.type == EntryType::kFile)
      newest = std::max(newest.value_or(member.entry.mtime), member.entry.mtime);
  }
  return newest;
}

const Addition* ArchiveTree::find(const std::string& path) const {
  auto found = std::lower_bound(
      members_.begin(), members_.end(), path,
      [](const Addition& a, const std::string& b) { return snapshot::path_less(a.entry.path, b); });
  return found != members_.end() && found->entry.path == path ? &*found : nullptr;
}

const Addition& ArchiveTree::file(const std::string& path) const {
  const Addition* member = find(path);
  if (member == nullptr || member->entry.type != EntryType::kFile) throw base::os_error(ENOENT, "open", path);
  return *member;
}

std::optional<Entry> ArchiveTree::lookup(const std::string& path) const {
  if (const Addition* member = find(path)) return member->entry;
  if (!path.empty()) return std::nullopt;
  Entry root;
  root.type = EntryType::kDirectory;
  root.mode = 0755;
  return root;
}

std::vector<Entry> ArchiveTree::list(const std::string& path) const {
  std::vector<Entry> children;
  auto next = std::upper_bound(
      members_.begin(), members_.end(), path,
      [](const std::string& a, const Addition& b) { return snapshot::path_less(a, b.entry.path); });
  while (next != members_.end() && is_below(next->entry.path, path)) {
    const Entry& child = children.emplace_back(next->entry);
    next = std::partition_point(next + 1, members_.end(), [&](const Addition& member) {
      return is_below(member.entry.path, child.path);
    });
  }
  return children;
}

os::Fd ArchiveTree::open(const std::string& path) const {
  const FileBytes& bytes = file(path).bytes;
  return bytes.tree->open(bytes.path);
}

base::Digest ArchiveTree::content_digest(const Entry& entry) const {
  return file(entry.path).entry.content;
}

std::string ArchiveTree::link_group(const Entry& entry) const {
  const Addition* member = find(entry.path);
  return member == nullptr ? std::string() : member->link_group;
}

}  // namespace cooper::ops
