// cooper cache: looking after the local store.
#pragma once

#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/environment.h"
#include "cli/registry_flags.h"
#include "store/gc.h"

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

void add_cache_flags(Command command, CacheFlags& flags);

// What `cooper prune` shares with `cooper cache prune`: its flags, what they ask for, what is said after it.
void add_prune_flags(Command command, CacheFlags& flags);
store::GcOptions prune_options(const CacheFlags& flags, const Environment& environment,
                               const store::Store& store);
void tell_pruned(const store::GcResult& result, const CacheFlags& flags, const store::GcOptions& options);

// Prints what was asked for to standard output. Returns the exit code: 8 (corrupt) when verify found damage
// that is still there.
int run_cache_command(const CacheFlags& flags, const Environment& environment);

}  // namespace cooper::cli
