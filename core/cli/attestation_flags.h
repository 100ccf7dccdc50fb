// The flags by which buildx is told what to attest. Cooper attests nothing, so what turns attestations off is
// how it is anyway, and everything else is refused.
#pragma once

#include <string>
#include <vector>

#include "cli/arguments.h"

namespace cooper::cli {

struct AttestationFlags {
  std::string provenance;
  std::string sbom;
  std::vector<std::string> attestations;  // --attest
};

void add_attestation_flags(Command command, AttestationFlags& flags);
// Throws Error{kUnsupported} naming the flag that asks for one.
void refuse_attestations(const AttestationFlags& flags);

}  // namespace cooper::cli
