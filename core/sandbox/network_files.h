// /etc/resolv.conf and /etc/hosts as steps see them.
#pragma once

#include <string>

#include "sandbox/spec.h"

namespace cooper::sandbox {

// The machine's own resolv.conf; two public name servers when it has none, as Docker does.
std::string resolv_conf();

// localhost, the step's own name, and its extra hosts ("name:address"). Throws Error{kUsage} for one without
// an address.
std::string hosts_file(const Spec& spec);

}  // namespace cooper::sandbox
