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

std::string_view tier_summary(Tier tier) {
  switch (tier) {
    case Tier::kPrivileged:
      return "root with mounts";
    case Tier::kUserNamespace:
      return "a user namespace with a range of ids";
    case Tier::kSingleIdUserNamespace:
      return "a user namespace with one id: steps have namespaces, owners are kept in a table";
    case Tier::kEmulatedRoot:
      return "RUN works without mounts: steps' paths are translated, owners are real";
    case Tier::kEmulated:
      return "RUN works without mounts and privileges: steps' paths are translated, owners are kept in a "
             "table";
    case Tier::kNone:
      return "RUN is not possible";
  }
  return "";
}

bool is_emulated(Tier tier) {
  return tier == Tier::kEmulatedRoot || tier == Tier::kEmulated;
}

bool has_stub(Tier tier) {
  return is_emulated(tier) || tier == Tier::kSingleIdUserNamespace;
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
