// The base::Error that a call ends with, for tests that look at its kind, message and hint.
#pragma once

#include <gtest/gtest.h>

#include "base/error.h"

namespace cooper::support {

template <typename Call>
base::Error error_of(Call call) {
  try {
    call();
  } catch (const base::Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {base::ErrorKind::kInternal, "nothing was thrown"};
}

}  // namespace cooper::support
