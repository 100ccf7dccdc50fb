// cooper pull and cooper push: between registries and the local store.
#pragma once

#include "cli/verb.h"

namespace cooper::cli {

Verb add_pull_verb(CLI::App& program);
Verb add_push_verb(CLI::App& program);

}  // namespace cooper::cli
