#include "store/size_memo.h"

#include <fmt/format.h>
#include <sstream>
#include <unistd.h>

#include "base/error.h"
#include "os/disk_usage.h"
#include "os/fd.h"

namespace cooper::store {

SizeMemo::SizeMemo(const Store& store, std::string file, std::int64_t settled)
    : store_(store), file_(std::move(file)), settled_(settled) {
  if (::access(file_.c_str(), R_OK) != 0) return;
  std::istringstream lines(os::read_file(file_));
  Sum sum;
  // A damaged line ends the reading: the rest is walked again.
  for (std::string path;
       lines >> sum.last_used >> sum.bytes && lines.get() == ' ' && std::getline(lines, path);)
    known_[path] = sum;
}

std::uint64_t SizeMemo::measure(const std::string& path, std::int64_t last_used) {
  auto known = known_.find(path);
  if (known != known_.end() && known->second.last_used == last_used) {
    current_.insert(*known);
    return known->second.bytes;
  }
  std::uint64_t bytes = os::tree_usage(path);
  if (last_used < settled_) current_[path] = Sum{last_used, bytes};
  return bytes;
}

void SizeMemo::save() const {
  if (current_ == known_) return;
  std::string text;
  for (const auto& [path, sum] : current_) text += fmt::format("{} {} {}\n", sum.last_used, sum.bytes, path);
  try {
    store_.write_file(file_, text);
  } catch (const base::Error&) {
    return;
  }
}

}  // namespace cooper::store
