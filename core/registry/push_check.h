// Whether a registry would take a push, asked without leaving anything behind. Private to registry.
#pragma once

#include <stop_token>

#include "registry/transport.h"

namespace cooper::registry {

// Opens an upload and abandons it: the same request with the same scope that the push itself begins with.
// Throws what the push would throw.
void check_push(Transport& transport, const oci::Reference& repository, const std::stop_token& stop);

}  // namespace cooper::registry
