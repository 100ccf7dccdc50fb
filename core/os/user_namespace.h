// Entering a user namespace: subordinate id ranges and id maps, user_namespaces(7), subuid(5).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace cooper::os {

struct IdRange {
  std::uint32_t start = 0;
  std::uint32_t count = 0;
  bool operator==(const IdRange&) const = default;
};

// One line of /proc/PID/uid_map: `count` ids from `inside` on are those from `outside` on.
struct IdMapping {
  std::uint32_t inside = 0;
  std::uint32_t outside = 0;
  std::uint32_t count = 0;
  bool operator==(const IdMapping&) const = default;
};

// The ranges that a subuid or subgid file (its text) gives to a user, named by name or by number. Malformed
// lines are passed over, as newuidmap does.
std::vector<IdRange> parse_subordinate_ids(std::string_view text, std::string_view user_name, uid_t uid);

// `own` becomes 0, the ranges follow from 1 on.
std::vector<IdMapping> map_ranges(std::uint32_t own, const std::vector<IdRange>& ranges);

// This process's maps as the kernel shows them.
std::vector<IdMapping> parse_id_map(std::string_view text);

// Moves the (single-threaded) process into a new user namespace in which it is uid 0 and gid 0, with all ids
// that it may map: its own map when it is root here, else the ranges of /etc/subuid and /etc/subgid through
// newuidmap. Throws Error{kUnsupported} with a hint.
void enter_user_namespace_with_range();

// The same with its own uid and gid as the only ids. Needs no helper and no configuration.
void enter_user_namespace_with_one_id();

}  // namespace cooper::os
