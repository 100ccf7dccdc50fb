// Image names: "[host[:port]/]path[:tag][@digest]", with Docker Hub's familiar forms.
//
// Grammar of distribution/reference. "debian" is docker.io/library/debian:latest; upper case in a path is
// refused with a hint.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"

namespace cooper::oci {

struct Reference {
  std::string host;        // "docker.io", "localhost:5000"
  std::string repository;  // "library/debian"
  std::string tag;         // "" when only a digest was given
  std::optional<base::Digest> digest;
  bool host_was_explicit = false;

  bool operator==(const Reference&) const = default;

  // Throws Error{kUsage} with the text, the reason and a hint. Without tag and digest the tag is "latest".
  static Reference parse(std::string_view text);

  std::string str() const;       // canonical: "docker.io/library/debian:12@sha256:…"
  std::string familiar() const;  // as people write it: "debian:12"
  std::string name() const;      // "docker.io/library/debian"
};

}  // namespace cooper::oci
