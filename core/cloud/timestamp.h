// Points in time as the clouds write them in requests, signatures and answers. All in UTC.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace cooper::cloud {

using TimePoint = std::chrono::system_clock::time_point;

std::string compact_timestamp(TimePoint time);  // "20130524T000000Z", as SigV4 has it
std::string http_timestamp(TimePoint time);     // "Fri, 24 May 2013 00:00:00 GMT" (RFC 9110, section 5.6.7)
// RFC 3339: "2013-05-24T00:00:00Z", with a fraction, which is dropped, or an offset; nullopt for another
// text.
std::optional<TimePoint> parse_timestamp(const std::string& text);

}  // namespace cooper::cloud
