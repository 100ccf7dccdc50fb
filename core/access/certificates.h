// Directories of certificates for one host, as docker's and podman's certs.d: *.crt are authorities,
// NAME.cert with NAME.key is what we show the registry. docker's "Verify repository client with
// certificates"; containers-certs.d(5).
#pragma once

#include <string>

#include "access/route_set.h"

namespace cooper::access {

// Adds what is in `directory`, which may be missing or out of reach. A client certificate that `settings`
// already have stays. Throws Error{kUsage} naming the missing half of a pair, and where there are several
// pairs.
void add_certificates(const std::string& directory, HostSettings& settings);

}  // namespace cooper::access
