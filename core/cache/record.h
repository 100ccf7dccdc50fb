// What a cache remembers of a step. See docs/cache.md.
//
// Records come from places that others can write to, so parse() believes nothing: every field is checked for
// its type, and what ends up in paths for its characters.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "oci/descriptor.h"
#include "snapshot/layer.h"
#include "solver/interfaces.h"

namespace cooper::cache {

// Part of every key: a change here makes all old records unreachable, which is the point.
inline constexpr int kKeySchema = 1;

struct Record {
  base::Digest key;
  std::optional<base::Digest> content_key;
  std::string step;  // the instruction, one line, for people and for finding "the same step" earlier
  std::string
      step_id;  // stable name of the step across builds: "stage/instruction number/op kind", for explain
  bool no_change = false;  // the step added no layer
  std::string layer_id;    // in the local layer store, "" when only blobs are known
  std::optional<base::Digest> diff_id;
  std::optional<oci::Descriptor> blob;
  std::optional<snapshot::Sealing> sealing;  // how the blob was made
  std::int64_t created = 0;                  // seconds since the epoch
  std::int64_t duration_ms = 0;              // how long the step took
  std::vector<std::pair<std::string, base::Digest>> ingredients;

  bool operator==(const Record&) const = default;
  // Whether it may be found under this key: its own, or its content key.
  bool answers(const base::Digest& asked) const { return key == asked || content_key == asked; }

  // JSON, stable field order, optional fields only when set, and a checksum of them all. Labels of
  // ingredients may hold any bytes (file names); bytes in `step` that are not UTF-8 are replaced.
  std::string serialize() const;
  static Record parse(std::string_view json);  // throws Error{kCorrupt}
};

}  // namespace cooper::cache
