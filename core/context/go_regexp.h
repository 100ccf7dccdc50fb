// The part of Go's regexp language that can come out of a translated glob, with Go's meaning.
//
// moby/patternmatcher turns a glob into a regular expression and lets pass what is special in one but not in
// the other (`\d`, `[[:alpha:]]`, `^`), so only a reader with the same rules gives the same answers. The
// grammar is regexp/syntax's with Perl flags, without groups other than "(.*/)?", alternation and counted
// repetition: those cannot occur.
#pragma once

#include <string_view>

#include "context/program.h"

namespace cooper::context {

// Throws Error{kContext} for what Go's regexp.Compile refuses, and for `\p` (Unicode classes). `expression`
// begins with "^".
Program compile_go_regexp(std::string_view expression);

}  // namespace cooper::context
