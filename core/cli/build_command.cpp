#include "cli/build_command.h"

#include "base/trace.h"
#include "cli/build_job.h"

namespace cooper::cli {

int run_build_command(const BuildFlags& asked, const Environment& environment) {
  BuildFlags flags = asked;
  flags.keep_named = true;
  // Refuse what is asked for wrongly before anything is set up.
  make_request(flags, environment);
  if (!flags.trace_file.empty()) base::start_trace();
  Session session(environment, flags.store.empty() ? environment.default_store() : flags.store,
                  flags.isolation);
  const BuildOutcome outcome = run_build_job(flags, "", environment, session, {});
  if (!outcome.failure) return 0;
  return session.stop_signal() != 0 ? 128 + session.stop_signal() : outcome.failure->exit_status();
}

}  // namespace cooper::cli
