// Cooperative cancellation on top of std::stop_token.
//
// Every call that may block takes a stop_token last and ends soon after a stop request by throwing
// Error{kCancelled}.
#pragma once

#include <stop_token>

namespace cooper::base {

// Throws Error{kCancelled} when a stop was requested.
void throw_if_stopped(const std::stop_token& stop);

}  // namespace cooper::base
