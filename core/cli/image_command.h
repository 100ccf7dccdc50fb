// cooper image: images in registries and layouts, looked at, copied and joined as they are.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/environment.h"
#include "cli/registry_flags.h"

namespace cooper::cli {

struct ImageFlags {
  enum class Action { kInspect, kCopy, kIndex };
  Action action = Action::kInspect;
  std::string name;                      // inspect, copy: the source
  std::vector<std::string> targets;      // copy, index
  std::vector<std::string> sources;      // index
  std::vector<std::string> platforms;    // inspect: one; copy: any number
  std::vector<std::string> annotations;  // index
  bool referrers = false;                // inspect: list them; copy: bring them along
  bool raw = false;                      // inspect: the document as it is
  bool config = false;                   // inspect: the config as it is
  bool json = false;                     // inspect
  bool append = false;                   // index: to what the targets have
  bool dry_run = false;                  // index
  bool quiet = false;                    // copy, index: the digest only
  RegistryFlags registry;
};

void add_image_flags(Command command, ImageFlags& flags);

// Prints what was asked for to standard output, what goes on to standard error. Returns the exit code.
int run_image_command(const ImageFlags& flags, const Environment& environment);

// --annotation values that are an index's own: KEY=VALUE or index:KEY=VALUE. Throws Error{kUnsupported} for
// those of other places.
std::map<std::string, std::string> index_annotations(const std::vector<std::string>& texts);

}  // namespace cooper::cli
