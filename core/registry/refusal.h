// What a registry says when it refuses, as one line. OCI distribution-spec, "Error Codes". Private to
// registry.
#pragma once

#include <string>

#include "net/http.h"

namespace cooper::registry {

// "404: manifest unknown: no such tag": status, and the messages of the body where it has any.
std::string refusal_text(const net::Response& response);
// What to do about a refusal that has a cure of its own, "" for others: a push to a repository that Amazon
// ECR wants to be made first. Never more of the registry's words than a repository's name.
std::string refusal_hint(const net::Response& response, const std::string& host);

}  // namespace cooper::registry
