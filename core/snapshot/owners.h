// Which owners the disk can hold: all (kReal), those of our user namespace (kMapped), none but ours (kOwn).
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "snapshot/form.h"

namespace cooper::snapshot {

class Owners {
 public:
  // Reads the id maps of this process for kMapped.
  explicit Owners(Form form);

  bool holds_user(std::uint32_t uid) const { return holds(users_, uid); }
  bool holds_group(std::uint32_t gid) const { return holds(groups_, gid); }
  // Whether chown is of any use.
  bool any() const { return form_ != Form::kOwn; }

 private:
  using Ranges = std::vector<std::pair<std::uint64_t, std::uint64_t>>;  // first id, one past the last
  bool holds(const Ranges& ranges, std::uint32_t id) const;

  Form form_;
  Ranges users_;
  Ranges groups_;
};

}  // namespace cooper::snapshot
