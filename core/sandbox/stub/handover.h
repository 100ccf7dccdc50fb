// What one program's stub tells the next one's, as arguments before the program's own: {"cooper-stub", "run",
// STATE, ROOT, PROGRAM, NAME}.
#pragma once

#include "sandbox/stub/identity.h"

namespace cooper::sandbox::stub {

inline constexpr int kPrivateArguments = 6;

struct Handover {
  int program_fd;
  bool secure;  // AT_SECURE: the program gained something by being executed
  Identity identity;
};

// STATE, as text; the root is not in it.
void write_state(const Handover& handover, char* text, std::size_t size);
void read_state(const char* text, Handover& handover);

}  // namespace cooper::sandbox::stub
