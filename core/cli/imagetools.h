// docker buildx imagetools: images in registries, looked at and joined, with buildx's flags.
#pragma once

#include <vector>

#include "cli/verb.h"

namespace cooper::cli {

// Adds `imagetools` with its two sub-commands to `buildx`.
std::vector<Verb> add_imagetools_verbs(Command buildx);

}  // namespace cooper::cli
