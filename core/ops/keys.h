// Cache keys of vertices: docs/cache.md, "Keys".
//
// A key is SHA-256 over a canonical encoding of the schema version, the op's resolved fields, and for each
// input either its key or the content that is taken from it. The ingredients that went in are kept beside it,
// so that a miss can be explained.
#pragma once

#include <span>
#include <stop_token>

#include "base/digest.h"
#include "ops/services.h"
#include "solver/interfaces.h"

namespace cooper::ops {

// The definition key: contexts by content, other inputs by their key.
solver::Key definition_key(int vertex, std::span<const base::Digest> inputs, Services& services,
                           const std::stop_token& stop);

// The content key: like the definition key, but COPY --from and bind mounts count by the content that they
// select.
solver::Key content_key(int vertex, std::span<const base::Digest> inputs,
                        std::span<const solver::ResultPtr> results, Services& services,
                        const std::stop_token& stop);

// Whether the vertex takes selected content from an input other than its base and contexts.
bool selects_content(const graph::Vertex& vertex, const graph::Definition& definition);

}  // namespace cooper::ops
