// What `cooper cache ls` prints.
#pragma once

#include <cstdint>
#include <string>

#include "build/store_listing.h"

namespace cooper::cli {

// A table and a line with the total. `now`: nanoseconds since the epoch.
std::string render_store_table(const build::StoreListing& listing, std::int64_t now);
// {"items": [{"kind", "id", "count", "size", "last_used", "what"}], "total"}: bytes, seconds since the epoch.
std::string render_store_json(const build::StoreListing& listing);

// "just now", "5 minutes ago", "3 days ago"; "" for 0.
std::string human_age(std::int64_t then, std::int64_t now);

}  // namespace cooper::cli
