#include "sandbox/seccomp_filter.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <string>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "os/fd.h"
#include "sandbox/seccomp_table.h"

namespace cooper::sandbox {

namespace {

constexpr std::uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t kRefuse = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t kMissing = SECCOMP_RET_ERRNO | ENOSYS;
// Bit 30 marks x32 calls under the x86-64 architecture; no distribution enables them.
constexpr std::uint32_t kX32Bit = 0x40000000;
// CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET: a step makes no namespaces.
constexpr std::uint32_t kNamespaceFlags =
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

struct Architecture {
  std::uint32_t audit;       // AUDIT_ARCH_*
  std::uint32_t libseccomp;  // SCMP_ARCH_*
};

std::vector<Architecture> architectures() {
#if defined(__x86_64__)
  return {{AUDIT_ARCH_X86_64, SCMP_ARCH_X86_64}, {AUDIT_ARCH_I386, SCMP_ARCH_X86}};
#elif defined(__aarch64__)
  return {{AUDIT_ARCH_AARCH64, SCMP_ARCH_AARCH64}, {AUDIT_ARCH_ARM, SCMP_ARCH_ARM}};
#else
#error "add this architecture's AUDIT_ARCH and SCMP_ARCH, and its position of clone's flags"
#endif
}

// -1 when the architecture has no such call.
int call_number(const std::string& name, const Architecture& architecture) {
  const int number = ::seccomp_syscall_resolve_name_arch(architecture.libseccomp, name.c_str());
  return number >= 0 ? number : number_of_newer_call(name);
}

std::vector<std::uint32_t> allowed_numbers(const Architecture& architecture) {
  std::vector<std::uint32_t> numbers;
  for (const auto& name : base::split(allowed_system_calls(), ' ')) {
    if (name.empty()) continue;
    const int number = call_number(name, architecture);
    if (number >= 0) numbers.push_back(static_cast<std::uint32_t>(number));
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

class Assembler {
 public:
  void load(std::size_t offset) { emit(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)); }
  void load_number() { load(offsetof(seccomp_data, nr)); }
  // The low half of an argument, which is all that an int parameter uses (both architectures are
  // little-endian).
  void load_argument(int index) {
    load(offsetof(seccomp_data, args) + static_cast<std::size_t>(index) * sizeof(std::uint64_t));
  }
  void keep_bits(std::uint32_t mask) { emit(BPF_ALU | BPF_AND | BPF_K, mask); }
  void answer(std::uint32_t action) { emit(BPF_RET | BPF_K, action); }
  void answer_if_equal(std::uint32_t value, std::uint32_t action) {
    emit(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
    answer(action);
  }
  void answer_if_at_least(std::uint32_t value, std::uint32_t action) {
    emit(BPF_JMP | BPF_JGE | BPF_K, value, 0, 1);
    answer(action);
  }
  // `body` runs only when the accumulator equals `value`, and must end in an answer.
  template <typename Body>
  void when_equal(std::uint32_t value, Body body) {
    const std::size_t jump = program_.size();
    emit(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0);
    emit(BPF_JMP | BPF_JA, 0);  // its offset has 32 bits, a conditional jump's only 8
    body();
    program_[jump + 1].k = static_cast<std::uint32_t>(program_.size() - jump - 2);
  }
  std::vector<sock_filter> take() { return std::move(program_); }

 private:
  void emit(unsigned code, std::uint32_t value, std::uint8_t when_true = 0, std::uint8_t when_false = 0) {
    program_.push_back({static_cast<std::uint16_t>(code), when_true, when_false, value});
  }
  std::vector<sock_filter> program_;
};

// Calls that the profile decides by an argument.
void add_conditional_calls(Assembler& code, const Architecture& architecture) {
  const auto number = [&](const char* name) {
    return static_cast<std::uint32_t>(call_number(name, architecture));  // -1 equals no call
  };
  code.when_equal(number("socket"), [&] {
    code.load_argument(0);
    code.answer_if_equal(AF_ALG, kRefuse);
    code.answer_if_equal(AF_VSOCK, kRefuse);
    code.answer(kAllow);
  });
  code.when_equal(number("personality"), [&] {
    code.load_argument(0);
    for (const std::uint32_t persona : {0U, 0x8U, 0x20000U, 0x20008U, 0xffffffffU}) {
      code.answer_if_equal(persona, kAllow);
    }
    code.answer(kRefuse);
  });
  code.when_equal(number("clone"), [&] {
    code.load_argument(0);
    code.keep_bits(kNamespaceFlags);
    code.answer_if_equal(0, kAllow);
    code.answer(kRefuse);
  });
  // Its flags lie in memory, where no filter can see them; ENOSYS makes every libc use clone.
  code.answer_if_equal(number("clone3"), kMissing);
}

void add_architecture(Assembler& code, const Architecture& architecture) {
  code.load_number();
  if (architecture.audit == AUDIT_ARCH_X86_64) code.answer_if_at_least(kX32Bit, kMissing);
  // ARM's own calls (cacheflush, set_tls) lie far above the shared ones.
  if (architecture.audit == AUDIT_ARCH_ARM) code.answer_if_at_least(0xf0000, kAllow);
  code.answer_if_at_least(kNewestKnownCall + 1, kMissing);
  add_conditional_calls(code, architecture);
  const auto numbers = allowed_numbers(architecture);
  // Runs of consecutive numbers, from the highest down: "at least the first of the run" then decides alone.
  for (std::size_t end = numbers.size(); end > 0;) {
    std::size_t begin = end - 1;
    while (begin > 0 && numbers[begin - 1] + 1 == numbers[begin]) --begin;
    code.answer_if_at_least(numbers[end - 1] + 1, kRefuse);
    code.answer_if_at_least(numbers[begin], kAllow);
    end = begin;
  }
  code.answer(kRefuse);
}

}  // namespace

SeccompFilter SeccompFilter::default_profile() {
  Assembler code;
  code.load(offsetof(seccomp_data, arch));
  for (const auto& architecture : architectures()) {
    code.when_equal(architecture.audit, [&] { add_architecture(code, architecture); });
  }
  code.answer(kRefuse);
  SeccompFilter filter;
  filter.program_ = code.take();
  return filter;
}

void SeccompFilter::install() const {
  sock_fprog program{};
  program.len = static_cast<unsigned short>(program_.size());
  program.filter = const_cast<sock_filter*>(program_.data());
  // Docker's profile does not ask for the mitigation of speculative store bypass, which slows Java and Node.
  const auto result =
      ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program);
  base::check(result, "install", "the system call filter");
}

bool is_filtered() {
  return os::read_file("/proc/self/status", 1 << 16).find("\nSeccomp:\t2") != std::string::npos;
}

}  // namespace cooper::sandbox
