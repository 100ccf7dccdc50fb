// Signals around the trap: the step can neither block SIGSYS nor take it.
#pragma once

#include <signal.h>

#include "sandbox/stub/dispatch.h"

namespace cooper::sandbox::stub {

// Installs the handler of trapped calls. While it runs, signals that others send wait.
void start_signals();
// A SIGSYS that somebody sent.
void deliver_sent(int signal, siginfo_t* info, void* context);

// Other signals come through until the handler returns.
void open_signals(const Call& call);

// For a call that may wait: other signals come through while it lives, as they would without the stub.
// Nothing must be held meanwhile: a handler of the step may jump away for good.
class SignalsOpen {
 public:
  explicit SignalsOpen(const Call& call);
  ~SignalsOpen();
  SignalsOpen(const SignalsOpen&) = delete;
  SignalsOpen& operator=(const SignalsOpen&) = delete;
};

}  // namespace cooper::sandbox::stub
