#include "base/cancellation.h"

#include "base/error.h"

namespace cooper::base {

void throw_if_stopped(const std::stop_token& stop) {
  if (stop.stop_requested()) throw Error(ErrorKind::kCancelled, "cancelled");
}

}  // namespace cooper::base
