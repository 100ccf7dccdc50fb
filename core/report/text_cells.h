// Text as a terminal shows it: cells, not bytes, and nothing that moves the cursor.
//
// What a step prints is any bytes. Before it is shown, escape sequences other than colours are taken out, and
// control characters too, so that no output can overwrite what cooper itself says.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cooper::report {

enum class Colors { kKeep, kRemove };

// One line without line breaks: colours (SGR) kept or removed, tabs kept, other control sequences and
// characters removed. A line that sets colours ends by resetting them.
std::string clean_line(std::string_view raw, Colors colors);

// For the live display: as clean_line(), tabs expanded, bytes that are no UTF-8 shown as U+FFFD, cut to
// `columns` cells with "…" at the end where something is missing.
std::string fit_line(std::string_view raw, std::size_t columns);

// Cells that `text`, as fit_line() gives it, takes.
std::size_t cell_width(std::string_view text);

}  // namespace cooper::report
