// `cooper cache verify`: reads a whole store and finds what is not what it says.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "store/usage.h"

namespace cooper::build {

struct StoreDamage {
  store::Item item;
  std::string what;  // one line: "blob '01ab…': its content has the digest '…'"
};

struct StoreCheck {
  std::size_t layers = 0;
  std::size_t blobs = 0;
  std::size_t records = 0;
  std::vector<StoreDamage> damage;
};

// Builds may use the store meanwhile; what comes or goes is no damage. Throws Error{kCancelled|kIo}.
StoreCheck check_store(const store::Store& store, const std::stop_token& stop);

// Removes what is damaged, so that it is made again. Answers with what had to stay, one line each: what a
// running build uses, what belongs to another user.
std::vector<std::string> repair_store(const store::Store& store, const StoreCheck& check);

}  // namespace cooper::build
