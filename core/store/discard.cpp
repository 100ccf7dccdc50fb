#include "store/discard.h"

#include <cerrno>
#include <cstdio>
#include <fmt/format.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

namespace cooper::store {
namespace {

// A directory that we may not write to cannot be moved, as that writes its "..".
bool rename_directory(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return true;
  if (errno != EACCES || ::chmod(from.c_str(), S_IRWXU) != 0) return false;
  return ::rename(from.c_str(), to.c_str()) == 0;
}

}  // namespace

Discard::Moment::Moment(const Store& store)
    : guard_(store.guard_uses(os::LockMode::kExclusive)), oldest_lease_(store.oldest_other_lease()) {}

Discard::Discard(const Store& store) : directory_(store.make_temp(kDiscarded)) {}

Discard::Outcome Discard::take(const Item& item, const Moment& moment) {
  if (!read_last_used(item)) return Outcome::kGone;
  std::optional<os::FileLock> lock;
  if (!item.lock.empty()) {
    lock = os::FileLock::try_acquire(item.lock, os::LockMode::kExclusive);
    if (!lock) return Outcome::kHeld;
  }
  std::optional<std::int64_t> used = read_last_used(item);
  if (!used) return Outcome::kGone;
  if (*used != item.last_used || *used >= moment.oldest_lease()) return Outcome::kHeld;
  if (!item.claim.empty() && ::access(item.claim.c_str(), F_OK) == 0) return Outcome::kHeld;
  Leftover leftover{item_name(item), item.size / item.paths.size()};
  for (const std::string& path : item.paths) {
    std::string place = fmt::format("{}/{}", directory_.path(), next_++);
    if (rename_directory(path, place)) {
      taken_.emplace_back(std::move(place), leftover);
    } else if (errno != ENOENT) {
      return Outcome::kStuck;
    }
  }
  if (lock) ::unlink(item.lock.c_str());
  return Outcome::kTaken;
}

std::vector<Discard::Leftover> Discard::empty() {
  std::vector<Leftover> left;
  for (const auto& [place, leftover] : taken_) {
    try {
      os::remove_tree(place);
    } catch (const base::Error&) {
      left.push_back(leftover);
    }
  }
  taken_.clear();
  return left;
}

std::string item_name(const Item& item) {
  return fmt::format("{} '{}'", kind_name(item.kind), item.id);
}

}  // namespace cooper::store
