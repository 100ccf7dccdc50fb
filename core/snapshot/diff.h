// Reads what a step left in overlay's upper directory as a layer index.
//
// Whiteouts are character devices 0:0, opaque directories carry an xattr (overlayfs.rst). Sockets are
// dropped: a tar cannot hold them. What the form cannot keep on disk (owners, device nodes, capabilities)
// comes from the lower layers. What of all that is a change, see upper_changes.h.
#pragma once

#include <string>

#include "base/thread_pool.h"
#include "snapshot/form.h"
#include "snapshot/layer_index.h"
#include "snapshot/merged_view.h"
#include "snapshot/upper_changes.h"

namespace cooper::snapshot {

// No process may be writing to `upper` any more. Throws Error{kIo}.
LayerIndex index_upper(const std::string& upper, Form form, const MergedView& lower, base::ThreadPool& pool,
                       const WasFresh& was_fresh = {});

}  // namespace cooper::snapshot
