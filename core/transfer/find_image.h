// What people call an image of the store: its name as they write it, or the beginning of a digest.
#pragma once

#include <optional>
#include <string>

#include "store/image_names.h"
#include "store/store.h"

namespace cooper::transfer {

// "debian:12", "r.example/app:1@sha256:…", "sha256:01ab…", "01ab…" (at least four digits, of a manifest, an
// index or a config). nullopt when there is none. Throws Error{kUsage} for digits that begin several digests.
std::optional<store::NamedImage> find_image(const store::Store& store, const std::string& text);
// The same, with Error{kUsage} that tells the way out.
store::NamedImage require_image(const store::Store& store, const std::string& text);

// The name under which an image is kept: the whole reference. Throws Error{kUsage}.
std::string canonical_name(const std::string& text);
// As people write it: "debian:12"; the digest's first digits for an image without a name.
std::string familiar_name(const store::NamedImage& image);

}  // namespace cooper::transfer
