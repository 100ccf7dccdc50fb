// Asks the person at the terminal.
#pragma once

#include <string>

namespace cooper::cli {

bool can_ask();  // whether standard input is a terminal
// One line without its end; the question goes to standard error. Throws Error{kCancelled} at the end of the
// input and, for a secret, on Ctrl-C.
std::string ask_line(const std::string& question);
// The same, unseen.
std::string ask_secret(const std::string& question);

}  // namespace cooper::cli
