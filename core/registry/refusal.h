// What a registry says when it refuses, as one line. OCI distribution-spec, "Error Codes". Private to
// registry.
#pragma once

#include <string>

#include "net/http.h"

namespace cooper::registry {

// "404: manifest unknown: no such tag": status, and the messages of the body where it has any.
std::string refusal_text(const net::Response& response);

}  // namespace cooper::registry
