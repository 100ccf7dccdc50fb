// Which SOURCE_DATE_EPOCH holds for an image and for its files.
#pragma once

#include <vector>

#include "build/base_images.h"
#include "build/outputs.h"
#include "dockerfile/frontend.h"
#include "graph/definition.h"

namespace cooper::build {

// Of files when nobody asked for a time and the commit's is taken. The commit's own would give every layer
// other bytes with each commit, though nothing in it changed: no registry, node or cache could keep one. So
// files get the time of the image that they lie on, which is older and stays the same: of the final stage's
// base, else of the newest base; never newer than the commit, and never before 1980, which archives of the
// ZIP kind cannot hold.
std::int64_t steady_file_time(std::int64_t commit_time, const std::vector<dockerfile::Lowered>& images,
                              const graph::Definition& definition, const BaseImages& bases);

}  // namespace cooper::build
