// Tells blocks that no deflate can shrink (compressed or encrypted content), so that they can be stored at
// once: a match finder is slowest just where it finds nothing.
#pragma once

#include "base/bytes.h"

namespace cooper::archive {

// Whether the bytes are evenly distributed throughout and nothing longer than 80 bytes repeats within
// deflate's window. Errs to false: what is taken for random would shrink by less than 1 %.
bool looks_random(base::ByteSpan data);

}  // namespace cooper::archive
