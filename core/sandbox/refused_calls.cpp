#include "sandbox/refused_calls.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <seccomp.h>

namespace cooper::sandbox {
namespace {

struct Free {
  void operator()(char* text) const { std::free(text); }
};

std::string name_of(std::size_t number) {
  const std::unique_ptr<char, Free> name(
      ::seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, static_cast<int>(number)));
  return name != nullptr ? name.get() : "call " + std::to_string(number);
}

}  // namespace

std::vector<std::string> refused_calls(const Board& board) {
  std::vector<std::pair<std::uint32_t, std::size_t>> counts;  // times, number
  for (std::size_t number = 0; number < stub::kMaxCalls; ++number) {
    const std::uint32_t times = board.header().refused[number];
    if (times > 0) counts.emplace_back(times, number);
  }
  std::stable_sort(counts.begin(), counts.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::string> texts;
  for (const auto& [times, number] : counts) {
    texts.push_back(name_of(number));
    if (times > 1) texts.back() += " (" + std::to_string(times) + " times)";
  }
  return texts;
}

}  // namespace cooper::sandbox
