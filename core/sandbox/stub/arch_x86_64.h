// All that the stub knows of x86-64: how to make a system call, where a trapped one has its arguments and
// result, and how a program starts. Another architecture is another file like this one.
#pragma once

#include <cstdint>
#include <elf.h>
#include <linux/audit.h>
#include <signal.h>
#include <ucontext.h>

namespace cooper::sandbox::stub {

inline constexpr std::uint32_t kAuditArch = AUDIT_ARCH_X86_64;
inline constexpr std::uint16_t kMachine = EM_X86_64;
// Numbers from here on are those of the x32 ABI, which would pass the filter under other names.
inline constexpr std::uint32_t kForeignNumbers = 0x40000000;
inline constexpr std::uint64_t kAddressEnd = 0x7ffffffff000;

inline long system_call(long number, long a, long b, long c, long d, long e, long f) {
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register long r9 asm("r9") = f;
  long result;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}

inline void copy_bytes(void* to, const void* from, std::uint64_t size) {
  asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
}

inline void fill_bytes(void* to, int byte, std::uint64_t size) {
  asm volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(byte) : "memory");
}

inline void read_arguments(const ucontext_t& context, long (&arguments)[6]) {
  const auto& registers = context.uc_mcontext.gregs;
  constexpr int kOrder[] = {REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8, REG_R9};
  for (int i = 0; i < 6; ++i) arguments[i] = registers[kOrder[i]];
}

inline void set_result(ucontext_t& context, long result) {
  context.uc_mcontext.gregs[REG_RAX] = result;
}

inline std::uint64_t stack_pointer(const ucontext_t& context) {
  return static_cast<std::uint64_t>(context.uc_mcontext.gregs[REG_RSP]);
}

// The context that a rt_sigreturn made at this place would restore.
inline ucontext_t* returned_context(const ucontext_t& context) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel gives the address as a number
  return reinterpret_cast<ucontext_t*>(stack_pointer(context));
}

// rt_sigreturn with the stack of the trapped one: what is below is given up.
[[noreturn]] inline void return_from_signal(const ucontext_t& context) {
  asm volatile("mov %0, %%rsp\n mov $15, %%eax\n syscall" : : "r"(stack_pointer(context)) : "memory");
  __builtin_unreachable();
}

// Starts a program as the kernel does: `stack` points to its argument count.
[[noreturn]] inline void enter(void* stack, std::uint64_t entry) {
  asm volatile(
      "mov %0, %%rsp\n xor %%edx, %%edx\n xor %%ebp, %%ebp\n xor %%ebx, %%ebx\n"
      "xor %%eax, %%eax\n xor %%edi, %%edi\n xor %%esi, %%esi\n jmp *%1"
      :
      : "r"(stack), "c"(entry)
      : "memory");
  __builtin_unreachable();
}

// What the kernel's sigaction has that the library's has not.
inline constexpr unsigned long kRestorerFlag = 0x04000000;

}  // namespace cooper::sandbox::stub
