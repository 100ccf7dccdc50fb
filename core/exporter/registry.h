// type=registry: pushes layers as they are sealed, then configs, manifests, index and tags.
//
// Layers whose blobs were known before wait until it is certain that the image is a new one: an image that
// the registry has already costs a question and its tags, however many layers it has.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "exporter/exporter.h"
#include "oci/reference.h"
#include "registry/blob_places.h"
#include "registry/client.h"
#include "snapshot/layer_store.h"

namespace cooper::exporter {

struct RegistryOutput {
  std::vector<oci::Reference> names;  // at least one; every repository gets every blob
  bool by_digest = false;             // push-by-digest: no tags
  bool ignore_immutable = false;      // a tag that must not be moved counts as pushed
};

// `places` knows from where blobs can be mounted, and hears where they are now.
std::unique_ptr<Exporter> make_registry_exporter(RegistryOutput output,
                                                 std::shared_ptr<registry::Client> client,
                                                 snapshot::LayerStore& layers,
                                                 std::shared_ptr<registry::BlobPlaces> places);

}  // namespace cooper::exporter
