#include "cli/doctor_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/error.h"
#include "os/beneath.h"
#include "sandbox/tier.h"

namespace cooper::cli {

void add_doctor_flags(CLI::App& app, DoctorFlags& flags) {
  app.add_option("--store", flags.store, "directory to probe (default: ~/.cache/cooper)");
}

int run_doctor_command(const DoctorFlags& flags, const Environment& environment) {
  std::string store = flags.store.empty() ? environment.default_store() : flags.store;
  os::make_directories(store, 0700);
  sandbox::ProbeResult result = sandbox::probe(store);
  for (const sandbox::ProbeStep& step : result.steps) {
    std::printf("%-4s %s%s%s\n", step.ok ? "yes" : "no", step.what.c_str(), step.detail.empty() ? "" : ": ",
                step.detail.c_str());
    if (!step.ok && !step.remedy.empty()) std::printf("     to allow it: %s\n", step.remedy.c_str());
  }
  std::printf("\nRUN steps use: %s (%s)\n", std::string(sandbox::tier_name(result.tier)).c_str(),
              result.reason.c_str());
  return result.tier == sandbox::Tier::kNone ? base::exit_code(base::ErrorKind::kUnsupported) : 0;
}

}  // namespace cooper::cli
