// Blobs on their way up. OCI distribution-spec, "Pushing blobs". Private to registry.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>

#include "registry/transport.h"

namespace cooper::registry {

// HEAD, then mount, then an upload (resumable_upload.h).
BlobPush push_blob(Transport& transport, const oci::Reference& repository, const PushBlob& blob,
                   const std::stop_token& stop);
// `size`: how many bytes it has, where that is known: another size is another document, such as a proxy's
// page.
bool has_blob(Transport& transport, const oci::Reference& repository, const base::Digest& digest,
              std::optional<std::uint64_t> size, const Scopes& scopes, const std::stop_token& stop);
// POST, then one PATCH that lasts as long as bytes come, then PUT: the way `docker push` works, which every
// registry knows. nullptr for a host that is known to limit the size of bodies, as the bytes cannot be sent
// again in smaller ones.
std::unique_ptr<BlobUpload> begin_upload(std::shared_ptr<Transport> transport,
                                         const oci::Reference& repository, const std::stop_token& stop);

}  // namespace cooper::registry
