// What a RUN may only do with the caller's consent: --security=insecure and --network=host.
//
// The author of a Dockerfile asks, --allow answers. As with BuildKit, all steps that the result needs are
// looked at before the first one runs. There is no second party to consent here, as a BuildKit daemon is:
// what this machine allows is a matter of the isolation tier.
#pragma once

#include <vector>

#include "build/request.h"
#include "graph/definition.h"

namespace cooper::build {

// Throws Error{kUsage} with the place of the first step below `roots` that asks for more than `request`
// allows.
// --network=host consents to host networking, as with buildx.
void require_entitlements(const graph::Definition& definition, const std::vector<int>& roots,
                          const BuildRequest& request);

}  // namespace cooper::build
