// Lists that a registry gives page by page. OCI distribution-spec v1.1, "Listing Tags", "Listing Referrers".
// Private to registry.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "registry/transport.h"

namespace cooper::registry {

// Sends `call` and then whatever each answer links to as the next page, and hands each answer to `on_page`.
// Returns false, before any page, when the first one does not exist (404). Throws Error for other refusals.
bool for_each_page(Transport& transport, Call call, const std::function<void(const net::Response&)>& on_page,
                   const std::stop_token& stop);

}  // namespace cooper::registry
