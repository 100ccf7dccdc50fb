// cooper doctor: what RUN can do here.
#pragma once

#include <string>

#include "cli/environment.h"

namespace CLI {
class App;
}

namespace cooper::cli {

struct DoctorFlags {
  std::string store;
};

void add_doctor_flags(CLI::App& app, DoctorFlags& flags);
// Prints the probed table to standard output; 0 when RUN works here, 9 (unsupported) when it does not.
int run_doctor_command(const DoctorFlags& flags, const Environment& environment);

}  // namespace cooper::cli
