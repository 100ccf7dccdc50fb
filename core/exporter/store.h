// type=image, and --load: the image stays in the local store, under its names.
#pragma once

#include <memory>
#include <vector>

#include "exporter/exporter.h"
#include "oci/reference.h"
#include "snapshot/layer_store.h"

namespace cooper::exporter {

// Without names it is an image of the store that has none.
std::unique_ptr<Exporter> make_store_exporter(std::vector<oci::Reference> names,
                                              snapshot::LayerStore& layers);

}  // namespace cooper::exporter
