// What the Dockerfile's reader is told of a build: the request and the opened context, for one platform.
#pragma once

#include <optional>
#include <vector>

#include "base/events.h"
#include "build/open_context.h"
#include "build/request.h"
#include "dockerfile/frontend.h"

namespace cooper::build {

// The platforms to build for: those asked for, else the host's.
std::vector<oci::Platform> target_platforms(const BuildRequest& request);

// Whether the result is one per platform under an index: for several platforms, or where BuildKit's control
// argument BUILDKIT_MULTI_PLATFORM asks for that. Throws Error{kUsage} for a value of it that is no boolean.
bool is_multi_platform(const BuildRequest& request);

// Throws Error{kUsage} for a network that does not exist.
dockerfile::FrontendInput frontend_input(const BuildRequest& request, const OpenedContext& context,
                                         const oci::Platform& platform);

// Notes in the log that the built-in frontend answers where the file, or BUILDKIT_SYNTAX, asks for one.
// Throws Error{kUnsupported} when that is another.
void accept_frontend(const BuildRequest& request, const OpenedContext& context, base::EventSink& events);

}  // namespace cooper::build
