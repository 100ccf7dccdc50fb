// Who may write what other runs will read from a cache.
//
// A trusted run (a protected ref; where the platform has no such thing, the default branch or a git tag, or
// any branch when it does not even say which one is the default) writes what all share. Changes and
// other branches read that and write only a scope of their own; changes from forks write nothing.
#pragma once

#include <string>
#include <vector>

#include "adapters/option.h"
#include "adapters/record.h"

namespace cooper::adapters {

bool may_write_shared_cache(const Record& record);

// A place as the two flags name it, before scope and mode.
struct CacheAddress {
  std::string from;    // "type=registry,ref=registry.example.com/app/cache"
  std::string to;      // the same, or "type=local,dest=…"
  std::string origin;  // for people
};
// --cache-from, and --cache-to with mode=max where the run may write.
std::vector<Option> cache_options(const Record& record, const CacheAddress& address);

// In a directory, which has to be outside of what the build copies.
CacheAddress local_cache(const std::string& directory, const std::string& origin);
// The directory that a --cache-to of type local writes; "" for another one, or none.
std::string local_directory(const std::string& cache_to);

// One field of a flag's list, in quotes where its text needs them.
std::string list_field(const std::string& text);

}  // namespace cooper::adapters
