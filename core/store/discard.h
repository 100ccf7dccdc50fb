// Takes items out of a store that others are using.
//
// An item is moved into this process's tmp/ in a moment, under the exclusive lock on uses and only when no
// running process holds it, and deleted after that lock is free: a deletion takes as long as it takes, and
// nobody waits for it. Killed in between, tmp/ is swept by the next process that opens the store.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "os/beneath.h"
#include "os/file_lock.h"
#include "store/store.h"
#include "store/usage.h"

namespace cooper::store {

inline constexpr std::string_view kDiscarded = "gc-";  // before the name of a directory in tmp/<lease>/

class Discard {
 public:
  explicit Discard(const Store& store);

  // Takes the lock, looks who is running, and lets go of the lock with its own end.
  class Moment {
   public:
    explicit Moment(const Store& store);
    std::int64_t oldest_lease() const { return oldest_lease_; }

   private:
    os::FileLock guard_;
    std::int64_t oldest_lease_;
  };

  enum class Outcome {
    kTaken,
    kGone,   // it was gone before
    kHeld,   // a running process uses it, or somebody has used it since it was measured
    kStuck,  // it belongs to somebody else
  };
  Outcome take(const Item& item, const Moment& moment);

  struct Leftover {
    std::string name;  // kind and id
    std::uint64_t size = 0;
  };
  // Deletes what was taken, outside any moment. What cannot be deleted is in the answer, and tried again by
  // who opens the store next.
  std::vector<Leftover> empty();

 private:
  bool move(const std::string& path);

  os::TempDir directory_;
  std::vector<std::pair<std::string, Leftover>> taken_;  // where it is now
  std::size_t next_ = 0;
};

std::string item_name(const Item& item);  // "layer layer-0123…"

}  // namespace cooper::store
