// The first pass: the Dockerfile's text, and the trees that COPY reads from.
//
// docs/contexts.md says what each kind of context means. Local directories are looked at in place; what comes
// as an archive is unpacked here, because its Dockerfile is inside; named contexts that must be fetched are
// left to the solver, which fetches only what is needed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "build/base_images.h"
#include "build/context_digests.h"
#include "build/request.h"
#include "build/toolbox.h"
#include "dockerfile/frontend.h"
#include "ops/remote_source.h"
#include "snapshot/layer_store.h"
#include "snapshot/tree_view.h"

namespace cooper::build {

struct OpenedContext {
  std::string dockerfile_name;  // for messages
  std::string dockerfile_text;
  // LocalSource name → tree; "context" is the main one.
  std::map<std::string, std::shared_ptr<const snapshot::TreeView>> trees;
  std::map<std::string, dockerfile::NamedContext> named;
  std::vector<std::string> ignore_patterns;            // of the main context
  std::function<bool(const std::string&)> is_ignored;  // by them
  // Seconds since the epoch: of the work tree that the main context lies in, if that is to be the image's
  // time.
  std::optional<std::int64_t> commit_time;
  // LocalSource name → the time that SOURCE_DATE_EPOCH=<name> means, of trees that are no directories here.
  std::map<std::string, std::optional<std::int64_t>> times;
};

// What contexts are fetched and unpacked with; outlives what is opened.
struct ContextServices {
  Toolbox& tools;
  ops::RemoteSource& http;
  ops::RemoteSource& git;
  BaseImages& images;
  snapshot::LayerStore& layers;
  ContextDigests& digests;
  base::ThreadPool& pool;
  std::int64_t now = 0;  // seconds since the epoch
};

// Throws Error{kUsage} for what contradicts itself, Error{kContext} naming what is missing.
OpenedContext open_context(const BuildRequest& request, const ContextServices& services,
                           const std::stop_token& stop);

}  // namespace cooper::build
