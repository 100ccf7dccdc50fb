// One running step as the builder sees it: its pipes, its socket, its init's pidfd.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "os/fd.h"
#include "sandbox/launcher.h"
#include "sandbox/messages.h"
#include "sandbox/spec.h"

namespace cooper::sandbox {

class Step {
 public:
  using Output = std::function<void(int stream, base::ByteSpan)>;

  // Asks the launcher behind `control` to start it.
  Step(int control, const Spec& spec);
  // Kills what still runs, and waits until it is gone.
  ~Step();
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

  // See Launcher::run. When it returns, no process of the step lives and no mount of it is left.
  ExitStatus run(const Output& output, const std::stop_token& stop);

 private:
  using Clock = std::chrono::steady_clock;
  enum class Phase { kRunning, kTerminating, kKilled, kAbandoned };

  void wait_for_event(const Output& output);
  void handle_stop(const std::stop_token& stop);
  // One read; false when there was nothing.
  static bool forward(os::Fd& pipe, int stream, const Output& output);
  static void drain(os::Fd& pipe, int stream, const Output& output);
  void read_messages();
  void take(Message message);
  void end_it();
  void kill();
  ExitStatus status() const;

  std::string upper_;
  // Without a pid namespace the init has to end its processes itself, and where it died the launcher does:
  // all is over when both have closed their ends of the socket.
  bool emulated_ = false;
  os::Fd output_;
  os::Fd errors_;
  os::Fd socket_;
  os::Fd pidfd_;  // invalid until the launcher has started the init
  os::Fd wake_;   // written by a stop request
  Phase phase_ = Phase::kRunning;
  bool gone_ = false;
  bool timed_out_ = false;
  std::optional<Clock::time_point> deadline_;
  std::vector<std::string> stubs_;
  std::optional<base::Error> failure_;
  std::optional<ExitReport> report_;
};

}  // namespace cooper::sandbox
