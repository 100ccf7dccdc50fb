// The composition root.
#include <CLI/CLI.hpp>

#include "adapters/ci_command.h"
#include "adapters/name_service.h"
#include "cli/run.h"

int main(int argc, char** argv) {
  cooper::adapters::pin_name_services();
  cooper::adapters::CiFlags flags;
  cooper::cli::Extension ci;
  ci.add = [&](CLI::App& program) {
    CLI::App* command = program.add_subcommand("ci", "build by what the CI around us says");
    cooper::adapters::add_ci_flags(*command, flags);
    return command;
  };
  ci.run = [&](const cooper::cli::Environment& environment) {
    return cooper::adapters::run_ci_command(flags, environment);
  };
  return cooper::cli::run(argc, argv, {ci});
}
