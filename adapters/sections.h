// GitLab's collapsible sections of a job's log, as the bytes that begin and end one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cooper::adapters {

// A name that markers may have: letters, digits, '_', '.', '-'; everything else becomes '_'. "" gives
// "section".
std::string section_name(std::string_view text);

// `time` in seconds since the epoch. The title follows in the same line; neither it nor the name may break
// out of it, so control characters become blanks. Ends with a line break.
std::string section_start(std::string_view name, std::string_view title, std::int64_t time, bool collapsed);
// For the same name. Ends with a line break.
std::string section_end(std::string_view name, std::int64_t time);

}  // namespace cooper::adapters
