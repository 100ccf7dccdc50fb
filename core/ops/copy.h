// COPY and ADD: which paths of a source are taken, and where they go.
//
// Selecting comes first and on its own: cache keys hash exactly the selections that the copy then takes, so a
// key can never disagree with the copy. Semantics as BuildKit's file op (fsutil/copy): a directory source
// gives its contents, created directories are 0755 with the action's owner, existing directories below the
// destination take the source's attributes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "graph/op.h"
#include "ops/tree_builder.h"
#include "snapshot/tree_view.h"

namespace cooper::ops {

// One source that COPY names, after wildcards and symlinks: a file, or a directory with what is selected
// below it.
struct Selection {
  std::string named;     // as matched, before symlinks; its base name is what a file is called
  snapshot::Entry root;  // the entry itself
  std::vector<snapshot::Entry> entries;  // below a directory root, path_less order; full paths of the source
  bool is_archive = false;               // ADD: to be unpacked into the destination
};

// Resolves the action's sources in `source`. Throws Error{kContext} "'/name': not found" for a missing
// literal.
std::vector<Selection> select_sources(const graph::CopyAction& action, const snapshot::TreeView& source,
                                      base::ThreadPool& pool);

// What the action sets on everything it copies.
struct CopyAttributes {
  std::optional<std::uint32_t> uid;  // --chown, resolved
  std::optional<std::uint32_t> gid;
  std::string mode;                         // --chmod as written
  std::int64_t now = 0;                     // mtime of created directories, seconds since the epoch
  std::optional<std::int64_t> fixed_mtime;  // instead of the source's own times; fresh
};

// Carries out `action` on `builder`. `scratch` is a directory for the members of unpacked archives.
void copy_into(TreeBuilder& builder, const graph::CopyAction& action,
               const std::vector<Selection>& selections,
               const std::shared_ptr<const snapshot::TreeView>& source, const CopyAttributes& attributes,
               const std::string& scratch);

// Applies --chmod, octal or symbolic ("u=rwX,go=rX"), to `mode`. Throws Error{kDockerfile} for a text that is
// neither.
std::uint32_t apply_mode(const std::string& chmod, std::uint32_t mode, bool is_directory);

}  // namespace cooper::ops
