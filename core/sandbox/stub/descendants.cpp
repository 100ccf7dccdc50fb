#include "sandbox/stub/descendants.h"

#include <fcntl.h>

#include "sandbox/stub/calls.h"
#include "sandbox/stub/identity.h"
#include "sandbox/stub/listing.h"
#include "sandbox/stub/scratch.h"

namespace cooper::sandbox::stub {
namespace {

// 0: there is no such process.
std::uint64_t parent_of(std::uint64_t process) {
  char text[512];
  Writer(text, sizeof text).add("/proc/").number(process).add("/stat");
  const Descriptor file(sys(SYS_openat, AT_FDCWD, text, O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return 0;
  const long size = sys(SYS_read, file.get(), text, sizeof text - 1);
  if (size <= 0) return 0;
  text[size] = '\0';
  // "PID (NAME) STATE PARENT": the name may hold anything, but the state follows the last bracket.
  const char* behind = nullptr;
  for (const char* at = text; *at != '\0'; ++at) {
    if (at[0] == ')' && at[1] == ' ' && at[2] != '\0' && at[3] == ' ') behind = at + 4;
  }
  return behind == nullptr ? 0 : read_number(behind);
}

bool is_of_step(std::uint64_t process) {
  constexpr int kDeepest = 4096;
  for (int i = 0; i < kDeepest && process > 1; ++i) {
    process = parent_of(process);
    if (process == board().init) return true;
  }
  return false;
}

}  // namespace

long kill_all_others(int signal) {
  const Descriptor proc(sys(SYS_openat, AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (proc.get() < 0) return -ESRCH;
  const auto self = static_cast<std::uint64_t>(sys(SYS_getpid));
  PathBuffer buffer;
  long result = -ESRCH;
  for (;;) {
    const long size = sys(SYS_getdents64, proc.get(), buffer.get(), kPathSize);
    if (size <= 0) return result;
    for (long at = 0; at < size;) {
      const auto* item = reinterpret_cast<const ListedName*>(buffer + at);
      at += item->size;
      const char* digits = item->name;
      const std::uint64_t process = read_number(digits);
      if (process == 0 || *digits != '\0' || process == self || !is_of_step(process)) continue;
      if (sys(SYS_kill, process, signal) == 0) result = 0;
    }
  }
}

}  // namespace cooper::sandbox::stub
