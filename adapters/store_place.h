// Where the store lies in a CI job. A container's own file system is mostly an overlay, and an overlay cannot
// hold what RUN mounts; the sources lie on a volume.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "adapters/option.h"

namespace cooper::adapters {

// Whether the nearest existing parent of a path lies on an overlay.
using IsOverlay = std::function<bool(const std::string& path)>;
bool lies_on_overlay(const std::string& path);

// --store beside the workspace, or in it where its parent cannot be written to; nullopt when the default
// place is as good, or none is better.
std::optional<Option> store_beside_sources(const std::string& default_store, const std::string& workspace,
                                           const IsOverlay& is_overlay = lies_on_overlay);

}  // namespace cooper::adapters
