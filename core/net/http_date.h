// Dates as HTTP headers have them: RFC 9110, section 5.6.7, the obsolete forms included.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace cooper::net {

// Seconds since the epoch; nullopt for a text that is no date.
std::optional<std::int64_t> parse_http_date(const std::string& text);

}  // namespace cooper::net
