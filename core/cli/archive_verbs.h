// cooper save, load and unpack: images of the store as files.
#pragma once

#include "cli/verb.h"

namespace cooper::cli {

Verb add_save_verb(Command program);
Verb add_load_verb(Command program);
Verb add_unpack_verb(Command program);

}  // namespace cooper::cli
