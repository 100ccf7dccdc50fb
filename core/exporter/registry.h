// type=registry: pushes layers as they are sealed, then configs, manifests, index and tags.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "exporter/exporter.h"
#include "oci/reference.h"
#include "registry/client.h"
#include "snapshot/layer_store.h"

namespace cooper::exporter {

struct RegistryOutput {
  std::vector<oci::Reference> names;  // at least one; every repository gets every blob
  bool by_digest = false;             // push-by-digest: no tags
};

// `base_repositories`: layer digest → repository on a host that has it, for cross-repository mounts.
std::unique_ptr<Exporter> make_registry_exporter(RegistryOutput output,
                                                 std::shared_ptr<registry::Client> client,
                                                 snapshot::LayerStore& layers,
                                                 std::map<base::Digest, oci::Reference> base_repositories);

}  // namespace cooper::exporter
