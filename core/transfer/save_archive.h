// Images of the store as one archive: an OCI image layout in a tar, and with docker's form also the
// manifest.json that `docker load` and `podman load` read.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "oci/platform.h"
#include "store/store.h"

namespace cooper::transfer {

enum class ArchiveForm { kDocker, kOci };

struct SaveOptions {
  ArchiveForm form = ArchiveForm::kDocker;
  // Of an index this image; without one docker's form has the one for this machine, and OCI's all.
  std::optional<oci::Platform> platform;
};

// `images` as find_image() takes them; several names of one image share its entry. A blob is written once.
// Finishes `out`. Throws Error{kUsage} for what is not in the store or has no image for the platform.
void save_archive(const std::shared_ptr<store::Store>& store, const std::vector<std::string>& images,
                  const SaveOptions& options, base::ByteSink& out, const std::stop_token& stop);

}  // namespace cooper::transfer
