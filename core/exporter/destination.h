// Where an archive is written: a path, or a descriptor the caller opened (standard output).
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "os/fd.h"

namespace cooper::exporter {

struct Destination {
  std::string path;  // "" to use fd
  int fd = -1;       // borrowed
  std::string shown() const { return path.empty() ? "standard output" : path; }
};

// Writes to a temporary file beside the path, renamed by finish(): a failed export leaves no half archive. A
// descriptor is written as it is. Buffered.
std::unique_ptr<base::ByteSink> open_destination(const Destination& destination);

}  // namespace cooper::exporter
