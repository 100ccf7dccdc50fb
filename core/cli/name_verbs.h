// cooper images, tag and rmi: the names of what lies in the local store.
#pragma once

#include "cli/verb.h"

namespace cooper::cli {

Verb add_images_verb(Command program);
Verb add_tag_verb(Command program);
Verb add_rmi_verb(Command program);

}  // namespace cooper::cli
