// What a command that works with store, network and sandbox needs, set up in the one order that is safe: the
// sandbox's process first, while there is a single thread and no credential in memory; then signals, then
// everything with threads.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "base/events.h"
#include "build/toolbox.h"
#include "cli/environment.h"
#include "cli/registry_flags.h"
#include "cli/signals.h"
#include "sandbox/launcher.h"
#include "sandbox/tier.h"

namespace cooper::cli {

class Session {
 public:
  // `store`: directory, made when missing. `isolation`: a tier's name or "auto". Throws base::Error.
  Session(const Environment& environment, const std::string& store, const std::string& isolation);
  ~Session();

  const sandbox::ProbeResult& probe() const { return probe_; }
  // Fills what needs threads: store, network, registry client. Events go to `events`.
  build::Toolbox open_tools(const RegistryFlags& registry, base::EventSink& events);
  // Requested by SIGINT and SIGTERM; a second signal ends the process at once.
  std::stop_token stop() const;
  int stop_signal() const;  // the signal that came, 0 for none

 private:
  const Environment& environment_;
  std::string store_;
  sandbox::ProbeResult probe_;
  std::unique_ptr<sandbox::Launcher> launcher_;
  std::unique_ptr<Signals> signals_;
};

}  // namespace cooper::cli
