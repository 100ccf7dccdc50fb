// cooper pull and cooper push: between registries and the local store.
#pragma once

#include "cli/verb.h"

namespace cooper::cli {

Verb add_pull_verb(Command program);
Verb add_push_verb(Command program);

}  // namespace cooper::cli
