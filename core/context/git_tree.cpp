#include "context/git_tree.h"

namespace cooper::context {

using snapshot::Entry;
using snapshot::EntryType;

GitTree::GitTree(os::TempDir checkout, std::int64_t time)
    : checkout_(std::move(checkout)),
      files_(checkout_.path(), PatternMatcher(std::vector<std::string>())),
      time_(time) {}

std::optional<Entry> GitTree::lookup(const std::string& path) const {
  std::optional<Entry> entry = files_.lookup(path);
  if (entry) entry = normalized(std::move(*entry));
  return entry;
}

std::vector<Entry> GitTree::list(const std::string& path) const {
  std::vector<Entry> entries = files_.list(path);
  for (Entry& entry : entries) entry = normalized(std::move(entry));
  return entries;
}

base::Digest GitTree::content_digest(const Entry& entry) const {
  return files_.content_digest(entry);
}

// The umask and a directory's setgid bit leave their marks on disk.
Entry GitTree::normalized(Entry entry) const {
  const bool is_program = entry.type == EntryType::kFile && (entry.mode & 0100) != 0;
  entry.mode = entry.type == EntryType::kSymlink ? 0777 : entry.is_directory() || is_program ? 0755 : 0644;
  entry.uid = 0;
  entry.gid = 0;
  entry.mtime = time_;
  entry.mtime_nsec = 0;
  return entry;
}

}  // namespace cooper::context
