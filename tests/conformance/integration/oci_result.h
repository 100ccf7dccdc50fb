// What a build gave, read from an OCI archive into the form that the data has: platform, config, history and
// the entries of each layer.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace cooper::conformance {

// {images: [{platform, config, history, layers: [{entries: […]}], manifest_mediatype, created, annotations}],
// attestations: N}; the entries of a layer are in the order of its tar. Throws std::runtime_error.
nlohmann::json read_oci_archive(const std::string& path);

}  // namespace cooper::conformance
