// What a step's init does once the program runs: reaps, listens to the builder, and reports.
#pragma once

#include "os/fd.h"
#include "sandbox/messages.h"

namespace cooper::sandbox {

// The processes of a step, as its init gets hold of them.
class StepProcesses {
 public:
  virtual ~StepProcesses() = default;
  virtual void signal(int number) = 0;
  // Kills and reaps them all.
  virtual void end() = 0;
};

// All but the init, which is process 1 of their pid namespace.
class PidNamespace final : public StepProcesses {
 public:
  void signal(int number) override;
  void end() override;
};

// All that descend from the init, which is their subreaper.
class Descendants final : public StepProcesses {
 public:
  void signal(int number) override;
  void end() override;
};

// SIGCHLD must be blocked since before the first child existed.
class Supervisor {
 public:
  // `socket`: to the builder, borrowed.
  Supervisor(pid_t program, const os::Fd& socket, StepProcesses& processes);

  // Until the program has ended; by then all others have too. Ends this process, after the step's, where the
  // builder is gone or wants it (kKill), or where the launcher, this process's parent, is gone.
  ExitReport wait();

 private:
  bool reap();
  void take_signals();
  void obey();
  ExitReport finish();
  [[noreturn]] void give_up();

  pid_t program_;
  pid_t launcher_;
  const os::Fd& socket_;
  StepProcesses& processes_;
  os::Fd signals_;
  ExitReport report_;
};

// Blocks what a Supervisor reads from a descriptor, and nothing else.
void block_supervised_signals();

// Set (PR_SET_PDEATHSIG) by an init that has to end its step's processes when the launcher is gone.
inline constexpr int kParentGone = 15;  // SIGTERM

}  // namespace cooper::sandbox
