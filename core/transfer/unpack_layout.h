// A saved image in a tar, as `docker save` (since 25), skopeo's oci-archive and cooper write them: an OCI
// image layout that is unpacked so that it can be read as a place for images.
#pragma once

#include <stop_token>
#include <string>

#include "base/bytes.h"

namespace cooper::transfer {

// Unpacks what belongs to a layout of the tar `in`, called `name` in errors, into the empty `directory`;
// other members are left out. Nothing is verified yet: whoever reads a blob does that. Throws Error{kContext}
// for a tar that holds no layout, Error{kCorrupt} for what is no tar.
void unpack_layout(base::ByteSource& in, const std::string& name, const std::string& directory,
                   const std::stop_token& stop);

}  // namespace cooper::transfer
