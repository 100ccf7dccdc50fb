// Calls that the stub itself makes pass: they come from its own addresses, which are the same in every
// process. The rows of the dispatch table are searched as a tree, since the filter is asked about every call.
#include "sandbox/stub/filter.h"

#include <cstddef>
#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <sys/socket.h>

#include "sandbox/stub/calls.h"
#include "sandbox/stub/dispatch.h"
#include "sandbox/stub/identity.h"
#include "sandbox/stub/report.h"

namespace cooper::sandbox::stub {
namespace {

constexpr int kMaxInstructions = 2048;
constexpr std::size_t kLeaf = 3;

sock_filter g_program[kMaxInstructions];

constexpr std::uint32_t argument_low(int i) {
  return static_cast<std::uint32_t>(offsetof(seccomp_data, args)) + 8 * static_cast<std::uint32_t>(i);
}

class Assembler {
 public:
  void load(std::uint32_t offset) { add(BPF_LD | BPF_W | BPF_ABS, offset, 0, 0); }
  void give(std::uint32_t action) { add(BPF_RET | BPF_K, action, 0, 0); }
  void if_equal(std::uint32_t value, int yes, int no) { add(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no); }
  void if_at_least(std::uint32_t value, int yes, int no) { add(BPF_JMP | BPF_JGE | BPF_K, value, yes, no); }
  // Gives the place, for land().
  int jump() {
    add(BPF_JMP | BPF_JA, 0, 0, 0);
    return size_ - 1;
  }
  // The jump at `place` leads to what comes next.
  void land(int place) { g_program[place].k = static_cast<std::uint32_t>(size_ - place - 1); }
  void trap() { traps_[trap_count_++] = jump(); }
  void land_traps() {
    for (int i = 0; i < trap_count_; ++i) land(traps_[i]);
  }
  int size() const { return size_; }

 private:
  void add(int code, std::uint32_t value, int yes, int no) {
    if (size_ == kMaxInstructions) die("too long a", "filter");
    g_program[size_++] = {.code = static_cast<std::uint16_t>(code),
                          .jt = static_cast<std::uint8_t>(yes),
                          .jf = static_cast<std::uint8_t>(no),
                          .k = value};
  }

  int size_ = 0;
  int trap_count_ = 0;
  int traps_[512];
};

bool is_wanted(const Row& row) {
  switch (row.when) {
    case When::kTable:
    case When::kPeerOwner:
      return table_owners();
    case When::kSocket:
      return table_owners() || board().no_network != 0;
    default:
      return true;
  }
}

void trap_if_not_null(Assembler& out, int argument) {
  out.load(argument_low(argument));
  out.if_equal(0, 0, 3);
  out.load(argument_low(argument) + 4);
  out.if_equal(0, 0, 1);
  out.give(SECCOMP_RET_ALLOW);
  out.trap();
}

void trap_if_reserved(Assembler& out, int argument) {
  const auto last = static_cast<std::uint32_t>(kFirstBindFd) + board().bind_count;
  out.load(argument_low(argument));
  out.if_equal(kChangedRootFd, 3, 0);
  out.if_at_least(kRootFd, 0, 1);
  out.if_at_least(last, 0, 1);
  out.give(SECCOMP_RET_ALLOW);
  out.trap();
}

// prctl(2)'s options that have to do with who the process is.
void trap_privileges(Assembler& out) {
  constexpr std::uint32_t kOfTable[] = {PR_SET_KEEPCAPS,   PR_GET_KEEPCAPS, PR_CAPBSET_READ,  PR_CAPBSET_DROP,
                                        PR_SET_SECUREBITS, PR_CAP_AMBIENT,  PR_GET_SECUREBITS};
  out.load(argument_low(0));
  out.if_equal(PR_SET_SECCOMP, 0, 1);
  out.trap();
  if (!table_owners()) return;
  for (const std::uint32_t option : kOfTable) {
    out.if_equal(option, 0, 1);
    out.trap();
  }
}

// Ends with a trap, or goes on to what comes next.
void add_condition(Assembler& out, const Row& row) {
  switch (row.when) {
    case When::kAlways:
    case When::kTable:
      out.trap();
      break;
    case When::kReserved0:
      trap_if_reserved(out, 0);
      break;
    case When::kReserved1:
      trap_if_reserved(out, 1);
      break;
    case When::kNotNull1:
      trap_if_not_null(out, 1);
      break;
    case When::kNotNull3:
      trap_if_not_null(out, 3);
      break;
    case When::kNotNull4:
      trap_if_not_null(out, 4);
      break;
    case When::kNotNull5:
      trap_if_not_null(out, 5);
      break;
    case When::kEveryone:
      out.load(argument_low(0));
      out.if_equal(~0U, 0, 1);
      out.trap();
      break;
    case When::kPeerOwner:
      out.load(argument_low(1));
      out.if_equal(SOL_SOCKET, 0, 3);
      out.load(argument_low(2));
      out.if_equal(SO_PEERCRED, 0, 1);
      out.trap();
      break;
    case When::kPrivileges:
      trap_privileges(out);
      break;
    case When::kSocket:
      out.load(argument_low(0));
      out.if_equal(AF_UNIX, 1, 0);
      out.trap();
      break;
  }
}

// The call's number is in the accumulator.
void add_rows(Assembler& out, const Row* begin, const Row* end) {
  if (static_cast<std::size_t>(end - begin) > kLeaf) {
    const Row* middle = begin + (end - begin) / 2;
    out.if_at_least(static_cast<std::uint32_t>(middle->number), 0, 1);
    const int right = out.jump();
    add_rows(out, begin, middle);
    out.land(right);
    add_rows(out, middle, end);
    return;
  }
  for (const Row* row = begin; row != end; ++row) {
    if (!is_wanted(*row)) continue;
    out.if_equal(static_cast<std::uint32_t>(row->number), 1, 0);
    const int next = out.jump();
    add_condition(out, *row);
    out.give(SECCOMP_RET_ALLOW);
    out.land(next);
  }
  out.give(SECCOMP_RET_ALLOW);
}

}  // namespace

void install_filter() {
  Assembler out;
  out.load(offsetof(seccomp_data, arch));
  out.if_equal(kAuditArch, 1, 0);
  out.give(SECCOMP_RET_ERRNO | ENOSYS);
  out.load(offsetof(seccomp_data, nr));
  out.if_at_least(kForeignNumbers, 0, 1);
  out.give(SECCOMP_RET_ERRNO | ENOSYS);
  add_rows(out, rows(), rows() + row_count());
  out.land_traps();
  constexpr auto kPlace = static_cast<std::uint32_t>(offsetof(seccomp_data, instruction_pointer));
  out.load(kPlace + 4);
  out.if_equal(static_cast<std::uint32_t>(kStubAddress >> 32), 0, 3);
  out.load(kPlace);
  out.if_at_least(static_cast<std::uint32_t>(kStubSize), 1, 0);
  out.give(SECCOMP_RET_ALLOW);
  out.give(SECCOMP_RET_TRAP);
  const sock_fprog program = {.len = static_cast<unsigned short>(out.size()), .filter = g_program};
  if (sys(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) die("cannot set", "no_new_privs");
  if (sys(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
    die("cannot install the", "seccomp filter");
}

}  // namespace cooper::sandbox::stub
