// The first pass: the Dockerfile's text, and the trees that COPY reads from.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "build/request.h"
#include "context/local_tree.h"
#include "dockerfile/frontend.h"

namespace cooper::build {

struct OpenedContext {
  std::string dockerfile_name;  // for messages
  std::string dockerfile_text;
  // LocalSource name → tree; "context" is the main one.
  std::map<std::string, std::shared_ptr<const snapshot::TreeView>> trees;
  std::map<std::string, dockerfile::NamedContext> named;
  std::vector<std::string> ignore_patterns;            // of the main context
  std::function<bool(const std::string&)> is_ignored;  // by them
  std::optional<std::int64_t> commit_time;             // of the work tree, seconds since the epoch
};

// Throws Error{kContext} naming what is missing, Error{kUnsupported} for kinds of contexts that are not built
// yet.
OpenedContext open_context(const BuildRequest& request);

}  // namespace cooper::build
