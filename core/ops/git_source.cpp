#include "ops/git_source.h"

#include <fmt/format.h>
#include <mutex>
#include <optional>

#include "base/encoder.h"
#include "base/error.h"
#include "context/git_checkout.h"
#include "context/git_repository.h"
#include "context/git_tree.h"
#include "graph/definition.h"
#include "snapshot/entry.h"

namespace cooper::ops {

using context::GitRepository;
using context::GitRevision;
using context::GitUrl;

// `mutex` is held while the repository is asked: others that want it wait, and find it answered.
struct GitSources::Location {
  Location(const GitUrl& url, std::string cache_root, const context::GitAccess& access)
      : repository(url, url, std::move(cache_root), access) {}

  const GitRepository repository;
  std::mutex mutex;
  std::optional<GitRevision> revision;  // once fetched
  std::int64_t time = 0;
};

struct GitSources::Tree {
  std::mutex mutex;
  std::shared_ptr<const snapshot::TreeView> view;
};

GitSources::GitSources(GitSourceOptions options) : options_(std::move(options)) {}
GitSources::~GitSources() = default;

void GitSources::warn(const std::string& text) const {
  if (options_.warn) options_.warn(text);
}

GitSources::Location& GitSources::pinned_location(const graph::GitSource& source,
                                                  const std::stop_token& stop) {
  const GitUrl url = GitUrl::parse(source.url);
  Location& location = locations_.with([&](auto& locations) -> Location& {
    auto& slot = locations[{source.url, source.ref}];
    if (slot == nullptr)
      slot = std::make_unique<Location>(url, options_.store->sources_path() + "/git", options_.access);
    return *slot;
  });
  std::scoped_lock lock(location.mutex);
  if (!location.revision) {
    const GitRevision found = location.repository.resolve(source.ref, stop);
    // Before anything is fetched, unless it is the id of a tag, which only fetching tells from a commit's.
    if (!found.ref.empty()) check_revision(found, source.checksum, url);
    location.revision = location.repository.fetch(found, stop);
    location.time = location.repository.commit_time(location.revision->commit);
  }
  check_revision(*location.revision, source.checksum, url);
  return location;
}

PinnedSource GitSources::pin(const graph::Op& op, const std::stop_token& stop) {
  const auto& source = std::get<graph::GitSource>(op);
  const Location& location = pinned_location(source, stop);
  const GitRevision& revision = *location.revision;
  const std::string subdir = snapshot::clean_path(source.subdir);
  const bool keep = source.keep_git_dir && subdir.empty();
  base::Encoder encoder;
  encoder.field("commit", revision.commit).field("subdir", subdir);
  encoder.field("submodules", static_cast<std::int64_t>(source.submodules));
  encoder.field("git", static_cast<std::int64_t>(keep));
  if (keep) {
    encoder.field("url", location.repository.url().str());
    encoder.field("ref", revision.ref).field("tag", revision.tag);
  }
  return {encoder.digest(), location.time};
}

std::string GitSources::commit(const graph::Op& op, const std::stop_token& stop) {
  return pinned_location(std::get<graph::GitSource>(op), stop).revision->commit;
}

std::shared_ptr<const snapshot::TreeView> GitSources::open(const graph::Op& op, const std::stop_token& stop) {
  const auto& source = std::get<graph::GitSource>(op);
  Location& location = pinned_location(source, stop);
  Tree& tree = trees_.with([&](auto& trees) -> Tree& {
    auto& slot = trees[base::sha256(graph::encode_op(op))];
    if (slot == nullptr) slot = std::make_unique<Tree>();
    return *slot;
  });
  std::scoped_lock lock(tree.mutex);
  if (tree.view != nullptr) return tree.view;
  try {
    tree.view = check_out(location, source, stop);
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kCorrupt || !error.is_retryable()) throw;
    warn(fmt::format("fetched git objects are damaged, and fetched anew: {}", error.summary()));
    location.repository.fetch(*location.revision, stop);
    tree.view = check_out(location, source, stop);
  }
  return tree.view;
}

std::shared_ptr<const snapshot::TreeView> GitSources::check_out(Location& location,
                                                                const graph::GitSource& source,
                                                                const std::stop_token& stop) {
  context::GitCheckoutOptions options;
  options.subdir = snapshot::clean_path(source.subdir);
  options.submodules = source.submodules;
  options.keep_git_dir = source.keep_git_dir;
  if (source.keep_git_dir && !options.subdir.empty()) {
    warn(fmt::format("git repository '{}': there is no .git to keep in the subdirectory '{}'",
                     location.repository.url().str(), options.subdir));
  }
  os::TempDir directory = options_.store->make_temp("git-");
  context::check_out(location.repository, *location.revision, options, directory.path(), stop);
  return std::make_shared<context::GitTree>(std::move(directory), location.time);
}

}  // namespace cooper::ops
