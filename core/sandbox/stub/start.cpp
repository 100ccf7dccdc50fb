#include "sandbox/stub/start.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "sandbox/stub/binds.h"
#include "sandbox/stub/calls.h"
#include "sandbox/stub/exec.h"
#include "sandbox/stub/filter.h"
#include "sandbox/stub/identity.h"
#include "sandbox/stub/loader.h"
#include "sandbox/stub/report.h"
#include "sandbox/stub/signals.h"

namespace cooper::sandbox::stub {
namespace {

void map_board() {
  struct stat file;
  if (sys(SYS_fstat, kBoardFd, &file) != 0) die("no board at descriptor", "962");
  const long map = sys(SYS_mmap, kBoardAddress, file.st_size, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_FIXED_NOREPLACE, kBoardFd, 0);
  if (is_error(map)) die("cannot map the", "board");
  if (board().version != kBoardVersion) die("another version's", "board");
}

// What Docker leaves to root.
constexpr std::uint64_t kRootCapabilities =
    1ULL << CAP_CHOWN | 1ULL << CAP_DAC_OVERRIDE | 1ULL << CAP_FSETID | 1ULL << CAP_FOWNER |
    1ULL << CAP_MKNOD | 1ULL << CAP_NET_RAW | 1ULL << CAP_SETGID | 1ULL << CAP_SETUID | 1ULL << CAP_SETFCAP |
    1ULL << CAP_SETPCAP | 1ULL << CAP_NET_BIND_SERVICE | 1ULL << CAP_SYS_CHROOT | 1ULL << CAP_KILL |
    1ULL << CAP_AUDIT_WRITE;

Identity first_identity() {
  Identity first{};
  Credentials& who = first.credentials;
  const auto ids = [](std::uint32_t id) {
    return Ids{.real = id, .effective = id, .saved = id, .file_system = id};
  };
  who.uid = ids(board().uid);
  who.gid = ids(board().gid);
  who.group_count = board().group_count;
  memcpy(who.groups, board().groups, sizeof who.groups);
  who.bounding = kRootCapabilities;
  if (board().uid == 0) who.effective = who.permitted = kRootCapabilities;
  return first;
}

// What holds for the whole step.
void survey() {
  survey_binds();
  board().init = static_cast<std::uint32_t>(sys(SYS_getppid));
  struct {
    std::uint64_t flags, mode, resolve;
  } const how = {O_PATH | O_CLOEXEC, 0, 0x10};  // RESOLVE_IN_ROOT
  const Descriptor root(sys(SYS_openat2, kRootFd, ".", &how, sizeof how));
  if (root.get() < 0) board().no_openat2 = 1;
}

[[noreturn]] void start_step(long count, char** arguments) {
  survey();
  start_binds();
  static Identity first;
  first = first_identity();
  start_identity(first);
  // So that nothing else gets the number before somebody calls chroot().
  sys(SYS_dup3, kRootFd, kChangedRootFd, 0);
  install_filter();
  char** environment = arguments + count + 1;
  const char* program = arguments[2];
  refuse_program(program, execute(AT_FDCWD, program, arguments + 3, environment, 0, nullptr));
}

[[noreturn]] void start(long* stack) {
  const long count = stack[0];
  char** arguments = reinterpret_cast<char**>(stack + 1);
  if (count < 4) die("is no program of its own", "cooper-stub");
  map_board();
  start_binds();
  start_signals();
  if (equal(arguments[1], "start")) start_step(count, arguments);
  if (count < kPrivateArguments) die("too few arguments for", arguments[1]);
  static Handover handover;
  read_state(arguments[2], handover);
  Writer root(handover.identity.root, sizeof handover.identity.root);
  root.add(arguments[3]);
  handover.identity.root_length = root.length();
  start_identity(handover.identity);
  run_program(stack, handover);
}

}  // namespace

void cooper_stub_start(long* stack) {
  start(stack);
}

}  // namespace cooper::sandbox::stub
