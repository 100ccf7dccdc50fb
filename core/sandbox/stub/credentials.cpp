// Ids, groups and capabilities as a kernel would keep them (credentials(7), capabilities(7)).
#include <linux/capability.h>

#include "sandbox/stub/calls.h"
#include "sandbox/stub/handlers.h"
#include "sandbox/stub/identity.h"
#include "sandbox/stub/text.h"

namespace cooper::sandbox::stub {
namespace {

constexpr std::uint32_t kSame = ~0U;

bool is_group_call(long number) {
  return number == SYS_getgid || number == SYS_getegid || number == SYS_getresgid || number == SYS_setgid ||
         number == SYS_setregid || number == SYS_setresgid || number == SYS_setfsgid;
}

bool is_root(const Ids& ids) {
  return ids.real == 0 || ids.effective == 0 || ids.saved == 0;
}

// What becoming another user does to capabilities.
void adjust_capabilities(Credentials& who, const Ids& before) {
  if (is_root(before) && !is_root(who.uid) && who.keep_capabilities == 0) who.permitted = who.ambient = 0;
  if (before.effective == 0 && who.uid.effective != 0) who.effective = 0;
  if (before.effective != 0 && who.uid.effective == 0) who.effective = who.permitted;
  if (is_root(before) && !is_root(who.uid) && who.keep_capabilities == 0) who.effective = 0;
}

long assign(Credentials& who, bool groups, const Ids& ids) {
  if (groups) {
    who.gid = ids;
    return 0;
  }
  const Ids before = who.uid;
  who.uid = ids;
  adjust_capabilities(who, before);
  return 0;
}

bool is_one_of(const Ids& ids, std::uint32_t id) {
  return id == ids.real || id == ids.effective || id == ids.saved;
}

long set_id(Credentials& who, bool groups, bool privileged, std::uint32_t id) {
  if (id == kSame) return -EINVAL;
  Ids ids = groups ? who.gid : who.uid;
  if (privileged) {
    ids = {.real = id, .effective = id, .saved = id, .file_system = id};
  } else {
    if (id != ids.real && id != ids.saved) return -EPERM;
    ids.effective = ids.file_system = id;
  }
  return assign(who, groups, ids);
}

long set_two(Credentials& who, bool groups, bool privileged, std::uint32_t real, std::uint32_t effective) {
  Ids ids = groups ? who.gid : who.uid;
  const Ids old = ids;
  if (!privileged && real != kSame && real != old.real && real != old.effective) return -EPERM;
  if (!privileged && effective != kSame && !is_one_of(old, effective)) return -EPERM;
  if (real != kSame) ids.real = real;
  if (effective != kSame) ids.effective = effective;
  if (real != kSame || (effective != kSame && effective != old.real)) ids.saved = ids.effective;
  ids.file_system = ids.effective;
  return assign(who, groups, ids);
}

long set_three(Credentials& who, bool groups, bool privileged, const std::uint32_t (&wanted)[3]) {
  Ids ids = groups ? who.gid : who.uid;
  for (const std::uint32_t id : wanted) {
    if (id != kSame && !privileged && !is_one_of(ids, id)) return -EPERM;
  }
  if (wanted[0] != kSame) ids.real = wanted[0];
  if (wanted[1] != kSame) ids.effective = wanted[1];
  if (wanted[2] != kSame) ids.saved = wanted[2];
  ids.file_system = ids.effective;
  return assign(who, groups, ids);
}

// Those that a change of the file system's uid takes away and gives back.
constexpr std::uint64_t kFileCapabilities =
    1ULL << CAP_CHOWN | 1ULL << CAP_MKNOD | 1ULL << CAP_DAC_OVERRIDE | 1ULL << CAP_DAC_READ_SEARCH |
    1ULL << CAP_FOWNER | 1ULL << CAP_FSETID | 1ULL << CAP_LINUX_IMMUTABLE | 1ULL << CAP_MAC_OVERRIDE;

struct CapabilityHeader {
  std::uint32_t version;
  int process;
};
struct CapabilityData {
  std::uint32_t effective;
  std::uint32_t permitted;
  std::uint32_t inheritable;
};

// How many words of capabilities a version has; 0: not known.
int words_of(std::uint32_t version) {
  if (version == _LINUX_CAPABILITY_VERSION_1) return 1;
  return version == _LINUX_CAPABILITY_VERSION_2 || version == _LINUX_CAPABILITY_VERSION_3 ? 2 : 0;
}

}  // namespace

long on_get_id(Call& call) {
  const Credentials& who = identity().credentials;
  switch (call.number) {
    case SYS_getuid:
      return who.uid.real;
    case SYS_geteuid:
      return who.uid.effective;
    case SYS_getgid:
      return who.gid.real;
    default:
      return who.gid.effective;
  }
}

long on_getres_ids(Call& call) {
  const Credentials& who = identity().credentials;
  const Ids& ids = is_group_call(call.number) ? who.gid : who.uid;
  for (int i = 0; i < 3; ++i) {
    if (!is_address(call.pointer<void>(i))) return -EFAULT;
  }
  *call.pointer<std::uint32_t>(0) = ids.real;
  *call.pointer<std::uint32_t>(1) = ids.effective;
  *call.pointer<std::uint32_t>(2) = ids.saved;
  return 0;
}

long on_set_ids(Call& call) {
  const bool groups = is_group_call(call.number);
  const bool privileged = has_capability(groups ? CAP_SETGID : CAP_SETUID);
  Credentials& who = own_identity().credentials;
  switch (call.number) {
    case SYS_setuid:
    case SYS_setgid:
      return set_id(who, groups, privileged, call.word(0));
    case SYS_setreuid:
    case SYS_setregid:
      return set_two(who, groups, privileged, call.word(0), call.word(1));
    default:
      return set_three(who, groups, privileged, {call.word(0), call.word(1), call.word(2)});
  }
}

long on_setfs_id(Call& call) {
  const bool groups = is_group_call(call.number);
  const bool privileged = has_capability(groups ? CAP_SETGID : CAP_SETUID);
  Credentials& who = own_identity().credentials;
  Ids& ids = groups ? who.gid : who.uid;
  const std::uint32_t old = ids.file_system;
  const std::uint32_t id = call.word(0);
  if (id == kSame || (!privileged && !is_one_of(ids, id) && id != old)) return old;
  ids.file_system = id;
  if (!groups && old == 0 && id != 0) who.effective &= ~kFileCapabilities;
  if (!groups && old != 0 && id == 0) who.effective |= who.permitted & kFileCapabilities;
  return old;
}

long on_getgroups(Call& call) {
  const Credentials& who = identity().credentials;
  const int size = call.fd(0);
  if (size < 0) return -EINVAL;
  if (size == 0) return who.group_count;
  if (static_cast<std::uint32_t>(size) < who.group_count) return -EINVAL;
  if (who.group_count != 0 && !is_address(call.pointer<void>(1))) return -EFAULT;
  memcpy(call.pointer<void>(1), who.groups, who.group_count * sizeof who.groups[0]);
  return who.group_count;
}

long on_setgroups(Call& call) {
  if (!has_capability(CAP_SETGID)) return -EPERM;
  const std::uint32_t count = call.word(0);
  if (count > kMaxGroups) return -EINVAL;
  if (count != 0 && !is_address(call.pointer<void>(1))) return -EFAULT;
  Credentials& who = own_identity().credentials;
  memcpy(who.groups, call.pointer<void>(1), count * sizeof who.groups[0]);
  who.group_count = count;
  return 0;
}

long on_capget(Call& call) {
  auto* header = call.pointer<CapabilityHeader>(0);
  auto* data = call.pointer<CapabilityData>(1);
  if (!is_address(header)) return -EFAULT;
  const int words = words_of(header->version);
  if (words == 0) {
    header->version = _LINUX_CAPABILITY_VERSION_3;
    return data == nullptr ? 0 : -EINVAL;
  }
  if (data == nullptr) return 0;
  const Credentials& who = identity().credentials;
  for (int i = 0; i < words; ++i) {
    data[i] = {.effective = static_cast<std::uint32_t>(who.effective >> (32 * i)),
               .permitted = static_cast<std::uint32_t>(who.permitted >> (32 * i)),
               .inheritable = static_cast<std::uint32_t>(who.inheritable >> (32 * i))};
  }
  return 0;
}

long on_capset(Call& call) {
  auto* header = call.pointer<CapabilityHeader>(0);
  const auto* data = call.pointer<const CapabilityData>(1);
  if (!is_address(header) || !is_address(data)) return -EFAULT;
  const int words = words_of(header->version);
  if (words == 0) {
    header->version = _LINUX_CAPABILITY_VERSION_3;
    return -EINVAL;
  }
  std::uint64_t effective = 0;
  std::uint64_t permitted = 0;
  std::uint64_t inheritable = 0;
  for (int i = 0; i < words; ++i) {
    effective |= std::uint64_t{data[i].effective} << (32 * i);
    permitted |= std::uint64_t{data[i].permitted} << (32 * i);
    inheritable |= std::uint64_t{data[i].inheritable} << (32 * i);
  }
  Credentials& who = own_identity().credentials;
  if ((permitted & ~who.permitted) != 0 || (effective & ~permitted) != 0) return -EPERM;
  if ((inheritable & ~(who.inheritable | who.permitted)) != 0) return -EPERM;
  who.effective = effective;
  who.permitted = permitted;
  who.inheritable = inheritable;
  who.ambient &= permitted & inheritable;
  return 0;
}

}  // namespace cooper::sandbox::stub
