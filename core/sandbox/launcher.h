// Starts sandboxed steps from a multi-threaded builder.
//
// unshare(CLONE_NEWUSER|NEWPID) and fork are only safe in a single-threaded process, and exec of a binary
// with many shared libraries costs more than the whole step. So the builder forks one small launcher process
// early, while it is still single-threaded and before it has read any credential; the launcher forks a child
// for every step on request over a socket. When the builder dies, however it dies, the launcher sees the
// socket close, kills every step (its whole pid namespace, or all that descend from its init) and ends; all
// mounts live in the steps' own mount namespaces and go with them.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "base/bytes.h"
#include "os/fd.h"
#include "sandbox/spec.h"
#include "sandbox/tier.h"

namespace cooper::sandbox {

struct ExitStatus {
  int code = 0;    // the program's exit code; 128 + signal when it was killed
  int signal = 0;  // 0 when it exited by itself
  bool timed_out = false;
  std::uint64_t peak_memory = 0;  // bytes, 0 when unknown
  std::int64_t cpu_time_us = 0;
};

class Launcher {
 public:
  // Forks the launcher process. Call once, single-threaded, after enter(). `stub`: for the emulated tiers, an
  // executable descriptor (stub_image.h). There this process is made undumpable, for its steps have its
  // uid: none of them can trace it, nor read its memory or its environment.
  static std::unique_ptr<Launcher> start(Tier tier, os::Fd stub = {});
  virtual ~Launcher() = default;  // ends the process; running steps are killed

  // Runs one step to its end; callable from many threads at once. `output(stream, bytes)` is called on the
  // calling thread with what the step writes to stdout (1) and stderr (2). On a stop request all processes of
  // the step get TERM, after two seconds KILL, and Error{kCancelled} is thrown. A set-up that fails is
  // Error{kIo} or {kUnsupported} naming the operation ("mount overlay", "pivot_root"); a program that cannot
  // be started (missing, not executable) ends with 127 or 126 and a line on stderr, as a shell's would.
  virtual ExitStatus run(const Spec& spec, const std::function<void(int stream, base::ByteSpan)>& output,
                         const std::stop_token& stop) = 0;
};

}  // namespace cooper::sandbox
