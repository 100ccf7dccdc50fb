#include "sandbox/tier.h"

#include "base/error.h"
#include "os/user_namespace.h"

namespace cooper::sandbox {

std::string_view tier_name(Tier tier) {
  switch (tier) {
    case Tier::kPrivileged:
      return "privileged";
    case Tier::kUserNamespace:
      return "userns";
    case Tier::kSingleIdUserNamespace:
      return "userns-single";
    case Tier::kEmulatedRoot:
      return "emulated-root";
    case Tier::kEmulated:
      return "emulated";
    case Tier::kNone:
      return "none";
  }
  return "none";
}

bool is_emulated(Tier tier) {
  return tier == Tier::kEmulatedRoot || tier == Tier::kEmulated;
}

void enter(Tier tier) {
  switch (tier) {
    case Tier::kUserNamespace:
      return os::enter_user_namespace_with_range();
    case Tier::kSingleIdUserNamespace:
      return os::enter_user_namespace_with_one_id();
    case Tier::kPrivileged:
    case Tier::kEmulatedRoot:
    case Tier::kEmulated:
    case Tier::kNone:
      return;
  }
}

}  // namespace cooper::sandbox
