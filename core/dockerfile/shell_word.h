// Expansion of one word: quotes, escapes, $name, ${name} and its modifiers.
//
// The rules are those of the reference frontend, not a shell's: see the table in docs on variables. Input is
// any bytes; nesting is limited, and a result over 1 MiB is an error, so that doubling a variable line by
// line ends early.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "dockerfile/environment.h"

namespace cooper::dockerfile {

struct WordOptions {
  char escape = '\\';
  bool raw_quotes = false;   // keep quote characters
  bool raw_escapes = false;  // keep escape characters
  bool skip_quotes = false;  // quotes are ordinary characters
  bool skip_unset = false;   // leave unset variables as written
};

struct WordResult {
  std::string word;
  std::vector<std::string> words;  // split at white space that was neither quoted nor escaped
  std::set<std::string> matched;   // names that were set
  std::set<std::string> unmatched;
};

// Throws Error{kDockerfile} quoting the word.
WordResult expand(std::string_view word, const Environment& environment, const WordOptions& options);

}  // namespace cooper::dockerfile
