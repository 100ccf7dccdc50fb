#include "snapshot/owners.h"

#include <sstream>
#include <string>

#include "os/fd.h"

namespace cooper::snapshot {
namespace {

// user_namespaces(7): lines of "first-inside first-outside count".
std::vector<std::pair<std::uint64_t, std::uint64_t>> read_map(const std::string& path) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  std::istringstream lines(os::read_file(path));
  std::uint64_t inside = 0;
  std::uint64_t outside = 0;
  std::uint64_t count = 0;
  while (lines >> inside >> outside >> count) ranges.emplace_back(inside, inside + count);
  return ranges;
}

}  // namespace

std::string_view form_name(Form form) {
  switch (form) {
    case Form::kReal:
      return "real";
    case Form::kMapped:
      return "mapped";
    case Form::kOwn:
      return "own";
  }
  return "own";
}

Owners::Owners(Form form) : form_(form) {
  if (form != Form::kMapped) return;
  users_ = read_map("/proc/self/uid_map");
  groups_ = read_map("/proc/self/gid_map");
}

bool Owners::holds(const Ranges& ranges, std::uint32_t id) const {
  if (form_ != Form::kMapped) return form_ == Form::kReal;
  for (const auto& [first, end] : ranges) {
    if (id >= first && id < end) return true;
  }
  return false;
}

}  // namespace cooper::snapshot
