#include "cli/run.h"

#include <cstdio>
#include <exception>
#include <fmt/format.h>
#include <memory>

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/build_command.h"
#include "cli/build_flags.h"
#include "cli/cache_command.h"
#include "cli/call_command.h"
#include "cli/docker_plugin.h"
#include "cli/doctor_command.h"
#include "cli/environment.h"
#include "cli/image_command.h"
#include "cli/kaniko_command.h"
#include "cli/login_command.h"
#include "cli/personality.h"
#include "cli/verbs.h"
#include "cli/version.h"
#include "cli/warmer_command.h"

namespace cooper::cli {
namespace {

// A sub-command with flags of its own, which live as long as it.
template <typename Flags>
Verb add_command(Command program, const char* name, const char* what,
                 void (*add_flags)(Command command, Flags& flags),
                 int (*run)(const Flags& flags, const Environment& environment)) {
  auto flags = std::make_shared<Flags>();
  Command command = program.add_command(name, what);
  add_flags(command, *flags);
  return {command, [flags, run](const Environment& environment) { return run(*flags, environment); }};
}

int build_or_call(const BuildFlags& flags, const Environment& environment) {
  if (auto call = requested_call(flags)) return run_call_command(*call, flags, environment);
  return run_build_command(flags, environment);
}

std::vector<Verb> add_commands(Command program) {
  std::vector<Verb> commands = {
      add_command(program, "build", "build an image from a Dockerfile", add_build_flags, build_or_call),
      add_command(program, "doctor", "say what this machine allows, and what would allow more",
                  add_doctor_flags, run_doctor_command),
      add_command(program, "cache", "look after the local store", add_cache_flags, run_cache_command),
      add_command(program, "image", "look at, copy and join images as they are", add_image_flags,
                  run_image_command),
      add_command(program, "login", "log in to a registry, for cooper, docker and podman", add_login_flags,
                  run_login_command),
      add_command(program, "logout", "forget a login", add_logout_flags, run_logout_command)};
  const std::vector<Verb> verbs = add_verbs(program);
  commands.insert(commands.end(), verbs.begin(), verbs.end());
  // For --help: they read their own words, by the rules of Kaniko's.
  program.add_command("kaniko", "build by Kaniko's flags; also when cooper is called 'executor'");
  program.add_command("warmer", "fetch base images for later builds, by the flags of Kaniko's warmer");
  return commands;
}

// Unknown flags and missing values: the hint names the command whose --help tells more.
std::optional<std::string> parse(Program& program, std::vector<std::string> words) {
  try {
    return program.parse(std::move(words));
  } catch (base::Error& error) {
    const std::string command = program.chosen_command();
    throw error.hint(fmt::format("see 'cooper {}--help'", command.empty() ? "" : command + " "));
  }
}

int run_program(DockerCall asked, const std::vector<Extension>& extensions) {
  Program program("cooper", "Builds container images in CI: no daemon, no privileged runner.");
  program.add_version_flag(fmt::format("cooper {}", kVersionNumber));
  program.root().require_command();
  std::vector<Verb> commands = add_commands(program.root());
  for (const Extension& extension : extensions)
    commands.push_back({*extension.add(program.app()), extension.run});
  if (auto answer = parse(program, std::move(asked.arguments)))
    return std::fputs(answer->c_str(), stdout) < 0 ? 1 : 0;
  return run_verb(commands, asked.environment).value_or(0);
}

}  // namespace

int run(int argc, char** argv, const std::vector<Extension>& extensions) {
  const std::vector<std::string> words(argv, argv + argc);
  const Environment environment = Environment::of_process();
  const Called called = called_as(words);
  if (called.personality == Personality::kKaniko) return run_kaniko_command(called.arguments, environment);
  if (called.personality == Personality::kWarmer) return run_warmer_command(called.arguments, environment);
  try {
    DockerCall asked = read_docker_call(words, environment);
    if (asked.answer) return std::fputs(asked.answer->c_str(), stdout) < 0 ? 1 : 0;
    const os::Fd docker = follow_docker(asked.environment);
    return run_program(std::move(asked), extensions);
  } catch (const base::Error& error) {
    std::fprintf(stderr, "error: %s\n", error.render().c_str());
    return error.exit_status();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return base::exit_code(base::ErrorKind::kInternal);
  }
}

}  // namespace cooper::cli
