#include "build/epoch.h"

#include <algorithm>

#include "archive/foreign.h"
#include "base/error.h"
#include "context/git_time.h"
#include "context/local_tree.h"
#include "os/fd.h"

namespace cooper::build {
namespace {

std::optional<std::int64_t> time_of_context(const std::string& name, const OpenedContext& contexts) {
  if (auto known = contexts.times.find(name); known != contexts.times.end()) return known->second;
  const auto* directory = dynamic_cast<const context::LocalTree*>(contexts.trees.at(name).get());
  return directory == nullptr ? std::nullopt : context::head_commit_time(directory->directory());
}

}  // namespace

std::optional<std::int64_t> newest_file_in(base::ByteSource& file) {
  std::optional<std::int64_t> newest;
  try {
    archive::read_archive(file, "archive", [&](const archive::TarEntry& member, base::ByteSource&) {
      bool is_file = member.type == archive::EntryType::kFile;
      if (is_file) newest = std::max(newest.value_or(member.mtime), member.mtime);
    });
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kCorrupt) throw;
    return std::nullopt;
  }
  return newest;
}

std::optional<std::int64_t> time_of(const graph::Op& source, const OpenedContext& contexts,
                                    ops::RemoteSource* remote, const std::stop_token& stop) {
  if (const auto* local = std::get_if<graph::LocalSource>(&source)) {
    return time_of_context(local->name, contexts);
  }
  if (remote == nullptr) return std::nullopt;
  ops::PinnedSource pinned = remote->pin(source, stop);
  const auto* http = std::get_if<graph::HttpSource>(&source);
  if (pinned.time || http == nullptr) return pinned.time;
  os::Fd file = remote->open(source, stop)->open(http->filename);
  os::FdSource bytes(file.get(), http->filename);
  return newest_file_in(bytes);
}

}  // namespace cooper::build
