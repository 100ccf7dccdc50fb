// Where the kernel enters the stub, and where its signal handler returns to.
#include "sandbox/stub/start.h"

namespace cooper::sandbox::stub {

asm(".globl _start\n"
    "_start:\n"
    "  xor %ebp, %ebp\n"
    "  mov %rsp, %rdi\n"
    "  and $-16, %rsp\n"
    "  call cooper_stub_start\n"
    ".globl cooper_stub_restorer\n"
    "cooper_stub_restorer:\n"
    "  mov $15, %eax\n"
    "  syscall\n");

}  // namespace cooper::sandbox::stub
