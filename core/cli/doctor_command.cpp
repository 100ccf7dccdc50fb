#include "cli/doctor_command.h"

#include <cstdio>

#include "base/error.h"
#include "cli/doctor_isolation.h"
#include "cli/network.h"
#include "cli/signals.h"
#include "oci/reference.h"
#include "os/beneath.h"
#include "registry/diagnosis.h"
#include "sandbox/tier.h"

namespace cooper::cli {

namespace {

int examine_isolation(const DoctorFlags& flags, const Environment& environment) {
  std::string store = flags.store.empty() ? environment.default_store() : flags.store;
  os::make_directories(store, 0700);
  const auto reports = sandbox::examine(store);
  std::printf("How RUN can work here, best first, with %s as the work directory:\n\n%s\n%s", store.c_str(),
              render_tiers(reports).c_str(), render_choice(reports, environment).c_str());
  return chosen_tier(reports) == nullptr ? base::exit_code(base::ErrorKind::kUnsupported) : 0;
}

void print_step(const registry::DiagnosisStep& step) {
  using Outcome = registry::DiagnosisStep::Outcome;
  const char* mark = step.outcome == Outcome::kWorks ? "yes" : step.outcome == Outcome::kFails ? "no" : "-";
  std::printf("%-4s %s: %s\n", mark, step.what.c_str(), step.detail.c_str());
  if (!step.remedy.empty()) std::printf("     to mend it: %s\n", step.remedy.c_str());
  std::fflush(stdout);
}

int examine_registry(const DoctorFlags& flags, const Environment& environment) {
  Signals signals;
  const oci::Reference reference = oci::Reference::parse(flags.reference);
  const Network network = open_network(environment, flags.registry, {});
  registry::DiagnosisOptions options;
  options.client = network.options;
  options.push = flags.push;
  const bool works =
      registry::diagnose(network.http, network.credentials, options, reference, print_step, signals.token());
  std::printf("\n'%s' %s\n", reference.familiar().c_str(),
              works ? (flags.push ? "can be pushed" : "can be pulled") : "does not work");
  return works ? 0 : base::exit_code(base::ErrorKind::kRegistry);
}

}  // namespace

void add_doctor_flags(Command command, DoctorFlags& flags) {
  command.add_option("--store", flags.store, "directory to probe (default: ~/.cache/cooper)");
  command.allow_command();
  Command registry = command.add_command(
      "registry", "go through the handshake with an image's registry, and say what to change");
  registry.add_positional("image", flags.reference, "HOST/REPOSITORY:TAG").required().type_name("IMAGE");
  registry.add_flag("--push", flags.push, "also ask whether a push would be taken");
  add_registry_flags(registry, flags.registry);
}

int run_doctor_command(const DoctorFlags& flags, const Environment& environment) {
  return flags.reference.empty() ? examine_isolation(flags, environment)
                                 : examine_registry(flags, environment);
}

}  // namespace cooper::cli
