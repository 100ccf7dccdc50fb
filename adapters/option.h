// One flag of `cooper build` that somebody else than the command line gives, and who it was. Adapters and the
// project file speak in flags, so that nothing they do is impossible by flag.
#pragma once

#include <string>

namespace cooper::adapters {

struct Option {
  std::string flag;    // "--tag"
  std::string value;   // "registry.example.com/app:main"; "true" for a flag without a value
  std::string origin;  // for people: "CI_COMMIT_BRANCH", ".cooper.yml:7", "$COOPER_TARGET"

  bool operator==(const Option&) const = default;
};

}  // namespace cooper::adapters
