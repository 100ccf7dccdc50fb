#include "adapters/ci_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fmt/format.h>

#include "adapters/ci_build.h"
#include "adapters/explain.h"
#include "adapters/record_json.h"
#include "base/error.h"
#include "os/fd.h"

namespace cooper::adapters {

namespace {

std::optional<std::string> read_if_there(const std::string& path) {
  try {
    return os::read_file(path);
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

}  // namespace

void add_ci_flags(CLI::App& app, CiFlags& flags) {
  using Action = CiFlags::Action;
  app.require_subcommand(1);
  auto add = [&](const char* name, const char* what, Action action) {
    CLI::App* command = app.add_subcommand(name, what);
    command->add_option("--ci", flags.request.ci,
                        "auto, gitlab, circleci, cloudbuild, codebuild, jenkins (default: auto)");
    command->add_option("--project", flags.request.project, "project file (default: .cooper.yml)");
    command
        ->add_option("--image", flags.request.images, "build only this image of the project file; repeatable")
        ->allow_extra_args(false);
    command->add_option("--image-base", flags.request.image_base,
                        "HOST/REPOSITORY of the image, instead of what the CI names");
    command->add_flag("--no-push", flags.request.no_push, "build, and push nothing");
    command->callback([&flags, command, action] {
      flags.action = action;
      flags.request.arguments = command->remaining();
    });
    return command;
  };
  CLI::App* build = add("build", "build, tag, label, cache and push as the CI says", Action::kBuild);
  build->allow_extras();
  build->footer("All flags of 'cooper build' are taken, too, and come before what the CI says.");
  CLI::App* env = add("env", "print what the CI says about this run", Action::kEnv);
  env->add_flag("--json", flags.json, "as JSON (it always is)");
  CLI::App* explain = add("explain", "print each option with its value and who gave it", Action::kExplain);
  explain->allow_extras();
  explain->add_flag("--json", flags.json, "as JSON");
}

int run_ci_command(const CiFlags& flags, const cli::Environment& environment) {
  const Job job{Variables(environment.variables()), read_if_there};
  CiPlan plan;
  if (flags.action == CiFlags::Action::kBuild) {
    return run_ci_build([&] { plan_ci(flags.request, job, plan); }, plan, job, environment);
  }
  plan_ci(flags.request, job, plan);
  switch (flags.action) {
    case CiFlags::Action::kEnv:
      print(record_json(plan.record));
      return 0;
    case CiFlags::Action::kExplain:
      print(flags.json ? explain_json(plan) : explain_text(plan, environment));
      return 0;
    case CiFlags::Action::kBuild:
      break;
  }
  return 0;
}

}  // namespace cooper::adapters
