// What is fetched from elsewhere for ADD: HttpSource, GitSource.
//
// First pinned (what exactly is it now: a content digest, a commit), which the keys of all that reads it are
// made from; opened only when something must read it. Implementations remember both for the build that they
// serve, are safe to use from several threads, and fetch each source once however many ask.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>

#include "base/digest.h"
#include "graph/op.h"
#include "snapshot/tree_view.h"

namespace cooper::ops {

struct PinnedSource {
  base::Digest identity;  // the same for the same tree but for its times, whatever it is fetched from
  std::optional<std::int64_t> time;  // Last-Modified, the commit's time; seconds since the epoch
};

class RemoteSource {
 public:
  virtual ~RemoteSource() = default;

  // Each throws Error naming the source: kContext when it cannot be had, kAuth when it wants credentials,
  // kCorrupt when it is not what its checksum says.
  virtual PinnedSource pin(const graph::Op& op, const std::stop_token& stop) = 0;
  virtual std::shared_ptr<const snapshot::TreeView> open(const graph::Op& op,
                                                         const std::stop_token& stop) = 0;
};

struct Services;

// The one of `services` that serves `op`; null when `op` is no remote source. Throws Error{kUnsupported}
// where this build has none for it.
RemoteSource* find_remote_source(const graph::Op& op, const Services& services);

}  // namespace cooper::ops
