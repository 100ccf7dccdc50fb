// Sums of directories whose content changes only while somebody uses them, so that they are walked once after
// each use.
//
// One file, <store>/usage, a line each: time of the last use, bytes, and the path. A sum holds as long as the
// last use is the one that it was walked after. It is remembered only when that was before any running lease
// and before the walk began: whoever changes such a directory marks it as used first, with a later time.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "store/store.h"

namespace cooper::store {

class SizeMemo {
 public:
  // `file` is one of `store`, which must outlive this. `settled`: sums of what was used before this may be
  // remembered, nanoseconds since the epoch.
  SizeMemo(const Store& store, std::string file, std::int64_t settled);

  // Bytes of `path` and all below it, which was used last at `last_used`.
  std::uint64_t measure(const std::string& path, std::int64_t last_used);
  // Writes what was asked for, and nothing else, if that is not what the file says. Failing costs a walk.
  void save() const;

 private:
  struct Sum {
    std::int64_t last_used = 0;
    std::uint64_t bytes = 0;
    bool operator==(const Sum&) const = default;
  };
  const Store& store_;
  std::string file_;
  std::int64_t settled_;
  std::map<std::string, Sum> known_;
  std::map<std::string, Sum> current_;
};

}  // namespace cooper::store
