// From what Kaniko's flags say to the build that is meant.
#pragma once

#include <string>
#include <vector>

#include "cli/build_flags.h"
#include "cli/environment.h"
#include "cli/kaniko_settings.h"
#include "oci/reference.h"

namespace cooper::cli {

struct KanikoJob {
  BuildFlags build;
  Environment environment;                   // as the build sees it: variables of Kaniko's become cooper's
  std::vector<oci::Reference> destinations;  // in order
  bool pushes = false;
};

// Looks at the file system for the Dockerfile and for the directory of the store, and asks nobody. Throws
// Error{kUsage} for flags that contradict each other.
KanikoJob make_kaniko_job(const KanikoSettings& settings, const Environment& environment);

// --kaniko-dir: where the store is, and what of Kaniko's own files counts. Shared with the warmer.
std::string kaniko_directory(const KanikoSettings& settings);
Environment kaniko_environment(const KanikoSettings& settings, const Environment& environment);
std::string kaniko_store(const KanikoSettings& settings, const Environment& environment);
// The flags about registries; `own_hosts` are those that the image and the cache go to.
RegistryFlags kaniko_registry(const KanikoSettings& settings, const Environment& environment,
                              const std::vector<std::string>& own_hosts);
// "--a, --b: no meaning here"; "" when there is nothing to say.
std::string note_without_meaning(const KanikoSettings& settings, const Environment& environment);

}  // namespace cooper::cli
