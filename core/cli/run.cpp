#include "cli/run.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <fmt/format.h>

#include "base/error.h"
#include "cli/build_command.h"
#include "cli/build_flags.h"
#include "cli/cache_command.h"
#include "cli/call_command.h"
#include "cli/doctor_command.h"
#include "cli/environment.h"
#include "cli/image_command.h"
#include "cli/kaniko_command.h"
#include "cli/login_command.h"
#include "cli/personality.h"
#include "cli/version.h"
#include "cli/warmer_command.h"

namespace cooper::cli {
namespace {

// Unknown flags and missing values: one line in the house form, with a suggestion where one is near.
int refuse(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
  std::fprintf(
      stderr, "error: %s\nhint: see 'cooper %s--help'\n", error.what(),
      app.get_subcommands().empty() ? "" : (app.get_subcommands().front()->get_name() + " ").c_str());
  return base::exit_code(base::ErrorKind::kUsage);
}

}  // namespace

int run(int argc, char** argv, const std::vector<Extension>& extensions) {
  Environment environment = Environment::of_process();
  const Called called = called_as({argv, argv + argc});
  if (called.personality == Personality::kKaniko) return run_kaniko_command(called.arguments, environment);
  if (called.personality == Personality::kWarmer) return run_warmer_command(called.arguments, environment);
  CLI::App app("Builds container images in CI: no daemon, no privileged runner.", "cooper");
  app.set_version_flag("--version", kVersion);
  app.require_subcommand(1);
  BuildFlags build_flags;
  CLI::App* build = app.add_subcommand("build", "build an image from a Dockerfile");
  add_build_flags(*build, build_flags);
  DoctorFlags doctor_flags;
  CLI::App* doctor = app.add_subcommand("doctor", "say what this machine allows, and what would allow more");
  add_doctor_flags(*doctor, doctor_flags);
  CacheFlags cache_flags;
  CLI::App* cache = app.add_subcommand("cache", "look after the local store");
  add_cache_flags(*cache, cache_flags);
  ImageFlags image_flags;
  CLI::App* image = app.add_subcommand("image", "look at, copy and join images as they are");
  add_image_flags(*image, image_flags);
  LoginFlags login_flags;
  CLI::App* login = app.add_subcommand("login", "log in to a registry, for cooper, docker and podman");
  add_login_flags(*login, login_flags);
  LogoutFlags logout_flags;
  CLI::App* logout = app.add_subcommand("logout", "forget a login");
  add_logout_flags(*logout, logout_flags);
  app.add_subcommand("kaniko", "build by Kaniko's flags; also when cooper is called 'executor'");
  app.add_subcommand("warmer", "fetch base images for later builds, by the flags of Kaniko's warmer");
  std::vector<CLI::App*> extended;
  for (const Extension& extension : extensions) extended.push_back(extension.add(app));
  try {
    app.parse(argc, argv);
    for (std::size_t i = 0; i < extended.size(); ++i) {
      if (extended[i]->parsed()) return extensions[i].run(environment);
    }
    if (login->parsed()) return run_login_command(login_flags, environment);
    if (logout->parsed()) return run_logout_command(logout_flags, environment);
    if (doctor->parsed()) return run_doctor_command(doctor_flags, environment);
    if (cache->parsed()) return run_cache_command(cache_flags, environment);
    if (image->parsed()) return run_image_command(image_flags, environment);
    if (auto call = requested_call(build_flags)) return run_call_command(*call, build_flags, environment);
    return run_build_command(build_flags, environment);
  } catch (const CLI::ParseError& error) {
    return refuse(app, error);
  } catch (const base::Error& error) {
    std::fprintf(stderr, "error: %s\n", error.render().c_str());
    return error.exit_status();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return base::exit_code(base::ErrorKind::kInternal);
  }
}

}  // namespace cooper::cli
