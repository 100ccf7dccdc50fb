// cooper cache: looking after the local store.
#pragma once

#include <string>
#include <vector>

#include "cli/environment.h"
#include "cli/registry_flags.h"

namespace CLI {
class App;
}

namespace cooper::cli {

struct CacheFlags {
  enum class Action { kList, kPrune, kVerify, kExport, kImport };
  Action action = Action::kList;
  std::string store;
  std::string store_limit;
  bool json = false;                 // ls
  bool all = false;                  // prune
  bool force = false;                // prune: nothing is ever asked
  bool repair = false;               // verify
  std::string until;                 // prune
  std::string max_used_space;        // prune
  std::vector<std::string> filters;  // prune
  std::string place;                 // export, import
  RegistryFlags registry;            // export, import
};

void add_cache_flags(CLI::App& app, CacheFlags& flags);

// Prints what was asked for to standard output. Returns the exit code: 8 (corrupt) when verify found damage
// that is still there.
int run_cache_command(const CacheFlags& flags, const Environment& environment);

}  // namespace cooper::cli
