// A note or a warning about the build as a whole, as a person reads it.
#pragma once

#include <string>

#include "base/events.h"

namespace cooper::report {

// "warning: Dockerfile:7: text", and on a second line the page that says more, where there is one. No line
// break at the end.
std::string render_note(const base::Event& event);

}  // namespace cooper::report
