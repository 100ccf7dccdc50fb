#include "sandbox/stub/scratch.h"

#include <sys/mman.h>

#include "sandbox/stub/calls.h"
#include "sandbox/stub/report.h"

namespace cooper::sandbox::stub {
namespace {

// A child of fork() inherits as taken what other threads had at that moment, so there is more than enough.
constexpr int kSlots = 64;
alignas(4096) char g_memory[kSlots][kPathSize];
std::uint64_t g_taken = 0;

int take_slot() {
  std::uint64_t taken = __atomic_load_n(&g_taken, __ATOMIC_RELAXED);
  while (~taken != 0) {
    const int slot = __builtin_ctzll(~taken);
    if (__atomic_compare_exchange_n(&g_taken, &taken, taken | (1ULL << slot), true, __ATOMIC_ACQUIRE,
                                    __ATOMIC_RELAXED)) {
      return slot;
    }
  }
  return -1;
}

}  // namespace

PathBuffer::PathBuffer() : slot_(take_slot()) {
  if (slot_ >= 0) {
    memory_ = g_memory[slot_];
  } else {
    const long map = sys(SYS_mmap, 0, kPathSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (is_error(map)) die("no memory for a path", "");
    memory_ = at_address<char>(map);
  }
  memory_[0] = '\0';
}

PathBuffer::~PathBuffer() {
  if (slot_ >= 0) {
    __atomic_fetch_and(&g_taken, ~(1ULL << slot_), __ATOMIC_RELEASE);
  } else {
    sys(SYS_munmap, memory_, kPathSize);
  }
}

}  // namespace cooper::sandbox::stub
