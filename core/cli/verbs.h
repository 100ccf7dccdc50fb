// The commands that docker, podman and img users know, on cooper's own store and registries.
#pragma once

#include <optional>
#include <vector>

#include "cli/verb.h"

namespace cooper::cli {

std::vector<Verb> add_verbs(Command program);
// Runs the one that was called; nullopt when none was.
std::optional<int> run_verb(const std::vector<Verb>& verbs, const Environment& environment);

}  // namespace cooper::cli
