#include "sandbox/stub/descriptors.h"

#include "sandbox/stub/calls.h"
#include "sandbox/stub/handlers.h"

namespace cooper::sandbox::stub {
namespace {

long close_some(std::uint32_t first, std::uint32_t last, std::uint32_t flags) {
  return first > last ? 0 : sys(SYS_close_range, first, last, flags);
}

}  // namespace

long on_reserved(Call&) {
  return -EBADF;
}

// All of the range but those in it.
long on_close_range(Call& call) {
  const std::uint32_t first = call.word(0);
  const std::uint32_t last = call.word(1);
  const std::uint32_t flags = call.word(2);
  if (first > last) return -EINVAL;
  const auto low = static_cast<std::uint32_t>(kRootFd);
  const std::uint32_t high = static_cast<std::uint32_t>(kFirstBindFd) + board().bind_count;
  const auto changed = static_cast<std::uint32_t>(kChangedRootFd);
  const auto below = [](std::uint32_t a, std::uint32_t b) { return a < b ? a : b; };
  const auto above = [](std::uint32_t a, std::uint32_t b) { return a > b ? a : b; };
  if (const long error = close_some(first, below(last, low - 1), flags); error != 0) return error;
  if (const long error = close_some(above(first, high), below(last, changed - 1), flags); error != 0)
    return error;
  return close_some(above(first, changed + 1), last, flags);
}

}  // namespace cooper::sandbox::stub
