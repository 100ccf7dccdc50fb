// Calls that are not answered.
#include "sandbox/stub/calls.h"
#include "sandbox/stub/handlers.h"
#include "sandbox/stub/identity.h"

namespace cooper::sandbox::stub {

long on_missing(Call&) {
  return -ENOSYS;
}

long on_forbidden(Call& call) {
  __atomic_fetch_add(&board().refused[call.number], 1U, __ATOMIC_RELAXED);
  return -EPERM;
}

long on_invalid(Call&) {
  return -EINVAL;
}

long on_unsupported(Call&) {
  return -EOPNOTSUPP;
}

}  // namespace cooper::sandbox::stub
