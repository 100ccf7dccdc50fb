// The tables of Kaniko's flags as people read them: for a terminal, and for docs/kaniko-flags.md.
#pragma once

#include <string>

#include "cli/kaniko_flag.h"

namespace cooper::cli {

std::string kaniko_help(const KanikoFlagTable& table);
// A Markdown table, a line a flag.
std::string kaniko_flags_markdown(const KanikoFlagTable& table);

}  // namespace cooper::cli
