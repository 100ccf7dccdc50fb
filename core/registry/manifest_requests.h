// What is asked of one place about manifests and tags, which of several is asked first being decided
// elsewhere (pull_places.h). Private to registry.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "registry/transport.h"

namespace cooper::registry {

// nullopt for 404. What comes is verified against the reference's digest, or the announced one.
std::optional<RawManifest> fetch_manifest_at(Transport& transport, const oci::Reference& reference,
                                             const std::stop_token& stop);
// By HEAD, and by fetching it from registries whose HEAD is refused or says too little.
std::optional<oci::Descriptor> resolve_at(Transport& transport, const oci::Reference& reference,
                                          const std::stop_token& stop);
std::vector<std::string> list_tags_at(Transport& transport, const oci::Reference& repository,
                                      const std::stop_token& stop);
// Returns the answer, which is a success.
net::Response push_manifest_at(Transport& transport, const oci::Reference& reference,
                               const std::string& media_type, const std::string& raw,
                               const std::stop_token& stop);

}  // namespace cooper::registry
