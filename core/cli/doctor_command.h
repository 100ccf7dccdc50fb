// cooper doctor: what RUN can do here, and what a registry says to us.
#pragma once

#include <string>

#include "cli/arguments.h"
#include "cli/environment.h"
#include "cli/registry_flags.h"

namespace cooper::cli {

struct DoctorFlags {
  std::string store;
  std::string reference;  // `doctor registry`: the image's name; "" for what RUN can do
  bool push = false;      // `doctor registry`: also ask to push
  RegistryFlags registry;
};

void add_doctor_flags(Command command, DoctorFlags& flags);
// Prints the probed table to standard output; 0 when RUN works here, 9 (unsupported) when it does not. Of a
// registry each step of the handshake; 0 when all worked, 5 (registry) when one did not.
int run_doctor_command(const DoctorFlags& flags, const Environment& environment);

}  // namespace cooper::cli
