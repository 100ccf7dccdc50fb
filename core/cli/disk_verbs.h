// cooper du and prune: what the local store takes, and giving some of it back.
#pragma once

#include "cli/verb.h"

namespace cooper::cli {

Verb add_du_verb(Command program);
Verb add_prune_verb(Command program);

}  // namespace cooper::cli
