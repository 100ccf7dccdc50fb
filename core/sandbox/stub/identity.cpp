#include "sandbox/stub/identity.h"

#include <linux/capability.h>
#include <sys/uio.h>

#include "sandbox/stub/calls.h"
#include "sandbox/stub/text.h"

namespace cooper::sandbox::stub {
namespace {

constexpr int kChildren = 8;

Identity g_base;
// Of children that share the memory, or that are copies of it.
Identity g_children[kChildren];
int g_child_count = 0;
int g_next_child = 0;
char g_program[kPathSize];

Identity* find_child(int process) {
  for (int i = 0; i < g_child_count; ++i) {
    if (g_children[i].process == process) return &g_children[i];
  }
  return nullptr;
}

}  // namespace

const Identity& identity() {
  if (g_child_count == 0) return g_base;
  const Identity* child = find_child(static_cast<int>(sys(SYS_getpid)));
  return child != nullptr && !child->leaving ? *child : g_base;
}

Identity& own_identity() {
  const int process = static_cast<int>(sys(SYS_getpid));
  if (process == g_base.process) return g_base;
  Identity* child = find_child(process);
  if (child != nullptr && !child->leaving) return *child;
  if (child == nullptr) {
    child = &g_children[g_next_child];
    g_next_child = (g_next_child + 1) % kChildren;
    if (g_child_count < kChildren) ++g_child_count;
  }
  *child = g_base;
  child->process = process;
  child->leaving = false;
  return *child;
}

void set_leaving(bool leaving) {
  if (g_child_count == 0) return;
  Identity* child = find_child(static_cast<int>(sys(SYS_getpid)));
  if (child != nullptr) child->leaving = leaving;
}

void start_identity(const Identity& identity) {
  g_base = identity;
  g_base.process = static_cast<int>(sys(SYS_getpid));
}

namespace {

bool read_memory(int process, const void* from, void* to, std::size_t size) {
  const iovec local = {.iov_base = to, .iov_len = size};
  const iovec remote = {.iov_base = const_cast<void*>(from), .iov_len = size};
  return sys(SYS_process_vm_readv, process, &local, 1, &remote, 1, 0) == static_cast<long>(size);
}

}  // namespace

bool read_credentials(int process, Credentials& credentials) {
  int count = 0;
  if (!read_memory(process, &g_child_count, &count, sizeof count)) return false;
  const Identity* from = &g_base;
  for (int i = 0; i < count && i < kChildren; ++i) {
    struct {
      int process;
      bool leaving;
    } head;
    static_assert(offsetof(Identity, leaving) == offsetof(decltype(head), leaving));
    if (!read_memory(process, &g_children[i], &head, sizeof head)) return false;
    if (head.process == process && !head.leaving) from = &g_children[i];
  }
  return read_memory(process, &from->credentials, &credentials, sizeof credentials);
}

bool has_capability(int capability) {
  return (identity().credentials.effective >> capability & 1) != 0;
}

bool in_group(std::uint32_t gid) {
  const Credentials& who = identity().credentials;
  if (who.gid.file_system == gid) return true;
  for (std::uint32_t i = 0; i < who.group_count; ++i) {
    if (who.groups[i] == gid) return true;
  }
  return false;
}

bool is_restricted() {
  return table_owners() && !has_capability(CAP_DAC_OVERRIDE);
}

char* program_path() {
  return g_program;
}

}  // namespace cooper::sandbox::stub
