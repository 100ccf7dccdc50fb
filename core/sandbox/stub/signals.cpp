#include "sandbox/stub/signals.h"

#include <linux/time_types.h>

#include "sandbox/stub/calls.h"
#include "sandbox/stub/handlers.h"
#include "sandbox/stub/start.h"
#include "sandbox/stub/text.h"

namespace cooper::sandbox::stub {
namespace {

// As the kernel has it; the library's is another.
struct KernelAction {
  void (*handler)(int, siginfo_t*, void*);
  unsigned long flags;
  void (*restorer)();
  std::uint64_t mask;
};

constexpr std::uint64_t bit_of(int signal) {
  return 1ULL << (signal - 1);
}

constexpr std::uint64_t kTrap = bit_of(SIGSYS);
// What a bad pointer of the step's causes is the step's to handle.
constexpr std::uint64_t kFaults =
    bit_of(SIGSEGV) | bit_of(SIGBUS) | bit_of(SIGILL) | bit_of(SIGFPE) | bit_of(SIGTRAP);
constexpr std::uint64_t kWhileTrapped = ~(kTrap | kFaults);

// What the step said should become of a SIGSYS.
KernelAction g_wanted;

void set_mask(std::uint64_t mask) {
  sys(SYS_rt_sigprocmask, SIG_SETMASK, &mask, nullptr, sizeof mask);
}

// The mask of the interrupted program, in the frame that will restore it.
std::uint64_t* mask_of(ucontext_t* context) {
  return reinterpret_cast<std::uint64_t*>(&context->uc_sigmask);
}

bool has_handler(const KernelAction& action) {
  const auto value = reinterpret_cast<std::uint64_t>(action.handler);
  return value != reinterpret_cast<std::uint64_t>(SIG_DFL) &&
         value != reinterpret_cast<std::uint64_t>(SIG_IGN);
}

}  // namespace

void start_signals() {
  const KernelAction action = {.handler = cooper_stub_trap,
                               .flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | kRestorerFlag,
                               .restorer = cooper_stub_restorer,
                               .mask = kWhileTrapped};
  sys(SYS_rt_sigaction, SIGSYS, &action, nullptr, sizeof action.mask);
  const std::uint64_t trap = kTrap;
  sys(SYS_rt_sigprocmask, SIG_UNBLOCK, &trap, nullptr, sizeof trap);
}

void deliver_sent(int signal, siginfo_t* info, void* context) {
  if (has_handler(g_wanted)) return g_wanted.handler(signal, info, context);
  if (reinterpret_cast<std::uint64_t>(g_wanted.handler) == reinterpret_cast<std::uint64_t>(SIG_IGN)) return;
  const KernelAction fatal{};
  sys(SYS_rt_sigaction, SIGSYS, &fatal, nullptr, sizeof fatal.mask);
  sys(SYS_tgkill, sys(SYS_getpid), sys(SYS_gettid), SIGSYS);
}

void open_signals(const Call& call) {
  set_mask(*mask_of(call.context) & ~kTrap);
}

SignalsOpen::SignalsOpen(const Call& call) {
  open_signals(call);
}

SignalsOpen::~SignalsOpen() {
  set_mask(kWhileTrapped);
}

long on_rt_sigaction(Call& call) {
  const int signal = call.fd(0);
  const auto* wanted = call.pointer<const KernelAction>(1);
  auto* old = call.pointer<KernelAction>(2);
  if (wanted != nullptr && !is_address(wanted)) return -EFAULT;
  if (signal == SIGSYS) {
    if (call.size(3) != sizeof g_wanted.mask) return -EINVAL;
    const KernelAction before = g_wanted;
    if (wanted != nullptr) g_wanted = *wanted;
    if (old != nullptr) *old = before;
    return 0;
  }
  if (wanted == nullptr) return pass(call);
  KernelAction action = *wanted;
  action.mask &= ~kTrap;
  return sys(SYS_rt_sigaction, signal, &action, old, call.arguments[3]);
}

long on_rt_sigprocmask(Call& call) {
  const auto* set = call.pointer<const std::uint64_t>(1);
  auto* old = call.pointer<std::uint64_t>(2);
  if (call.size(3) != sizeof *set) return -EINVAL;
  if ((set != nullptr && !is_address(set)) || (old != nullptr && !is_address(old))) return -EFAULT;
  std::uint64_t* mask = mask_of(call.context);
  const std::uint64_t before = *mask;
  if (set != nullptr) {
    const std::uint64_t wanted = *set & ~kTrap;
    switch (call.fd(0)) {
      case SIG_BLOCK:
        *mask |= wanted;
        break;
      case SIG_UNBLOCK:
        *mask &= ~wanted;
        break;
      case SIG_SETMASK:
        *mask = wanted;
        break;
      default:
        return -EINVAL;
    }
  }
  if (old != nullptr) *old = before;
  return 0;
}

long on_rt_sigsuspend(Call& call) {
  const auto* given = call.pointer<const std::uint64_t>(0);
  if (!is_address(given)) return -EFAULT;
  const std::uint64_t mask = *given & ~kTrap;
  // The mask to come back to is the program's, so that nothing waits until it has returned.
  set_mask(*mask_of(call.context) & ~kTrap);
  const long result = sys(SYS_rt_sigsuspend, &mask, call.arguments[1]);
  set_mask(kWhileTrapped);
  return result;
}

// A handler may have written a mask into the frame that it returns to.
long on_rt_sigreturn(Call& call) {
  *mask_of(returned_context(*call.context)) &= ~kTrap;
  return_from_signal(*call.context);
}

long on_ppoll(Call& call) {
  const auto* given = call.pointer<const std::uint64_t>(3);
  if (!is_address(given)) return -EFAULT;
  const std::uint64_t mask = *given & ~kTrap;
  const long(&a)[6] = call.arguments;
  const SignalsOpen open(call);
  return sys(SYS_ppoll, a[0], a[1], a[2], &mask, a[4]);
}

long on_pselect6(Call& call) {
  struct Masked {
    const std::uint64_t* mask;
    std::uint64_t size;
  };
  const auto* given = call.pointer<const Masked>(5);
  if (!is_address(given)) return -EFAULT;
  const long(&a)[6] = call.arguments;
  std::uint64_t mask = 0;
  Masked masked = *given;
  if (masked.mask != nullptr) {
    if (!is_address(masked.mask)) return -EFAULT;
    mask = *masked.mask & ~kTrap;
    masked.mask = &mask;
  }
  const SignalsOpen open(call);
  return sys(SYS_pselect6, a[0], a[1], a[2], a[3], a[4], &masked);
}

long on_epoll_pwait(Call& call) {
  const auto* given = call.pointer<const std::uint64_t>(4);
  if (!is_address(given)) return -EFAULT;
  const std::uint64_t mask = *given & ~kTrap;
  const long(&a)[6] = call.arguments;
  const SignalsOpen open(call);
  return sys(call.number, a[0], a[1], a[2], a[3], &mask, a[5]);
}

}  // namespace cooper::sandbox::stub
