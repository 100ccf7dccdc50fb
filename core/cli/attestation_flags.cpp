#include "cli/attestation_flags.h"

#include <fmt/format.h>

#include "base/error.h"

namespace cooper::cli {
namespace {

bool is_off(const std::string& value) {
  return value.empty() || value == "false" || value == "0" ||
         value.find("disabled=true") != std::string::npos;
}

void refuse(const char* flag, const std::string& value) {
  if (is_off(value)) return;
  throw base::Error(base::ErrorKind::kUnsupported,
                    fmt::format("{}={}: cooper makes no attestations", flag, value))
      .hint(fmt::format("leave {} out", flag));
}

}  // namespace

void add_attestation_flags(Command command, AttestationFlags& flags) {
  command.add_option("--provenance", flags.provenance, "false: cooper makes none");
  command.add_option("--sbom", flags.sbom, "false: cooper makes none");
  command.add_option("--attest", flags.attestations, "type=…,disabled=true: cooper makes none");
}

void refuse_attestations(const AttestationFlags& flags) {
  refuse("--provenance", flags.provenance);
  refuse("--sbom", flags.sbom);
  for (const std::string& attestation : flags.attestations) refuse("--attest", attestation);
}

}  // namespace cooper::cli
