// type=oci and type=docker: an OCI image layout, as a tar or a directory; with docker also the manifest.json
// that `docker load` reads.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "exporter/destination.h"
#include "exporter/exporter.h"
#include "oci/reference.h"
#include "snapshot/layer_store.h"

namespace cooper::exporter {

enum class ArchiveKind { kOci, kDocker };

struct ArchiveOutput {
  ArchiveKind kind = ArchiveKind::kOci;
  Destination destination;
  bool as_directory = false;  // tar=false: destination.path is a directory
  std::vector<oci::Reference> names;
};

std::unique_ptr<Exporter> make_archive_exporter(ArchiveOutput output, snapshot::LayerStore& layers);

}  // namespace cooper::exporter
