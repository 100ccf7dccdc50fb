#include "cli/builder_verbs.h"

#include <array>
#include <cstdio>
#include <fmt/format.h>
#include <memory>
#include <utility>

#include "base/text.h"
#include "cli/store_command.h"
#include "cli/version.h"
#include "oci/platform.h"
#include "report/table.h"

namespace cooper::cli {

namespace {

constexpr const char* kBuilder = "cooper";

void note(const std::string& text) {
  std::fprintf(stderr, "note: cooper builds in its own process, without a builder: %s\n", text.c_str());
}

struct CreateFlags {
  std::string name;
  std::string endpoint;
  std::vector<std::string> settings;  // of a builder that is not made
  bool ignored = false;
};

// Says which of the given flags would have set up a builder.
int create(const CreateFlags& flags, Command command) {
  std::vector<std::string> given;
  for (const char* flag :
       {"--driver", "--driver-opt", "--buildkitd-config", "--buildkitd-flags", "--platform"}) {
    if (command.is_given(flag)) given.emplace_back(flag);
  }
  note(given.empty() ? "nothing was made"
                     : fmt::format("nothing was made, and {} set nothing up", base::join(given, ", ")));
  print((flags.name.empty() ? kBuilder : flags.name) + std::string("\n"));
  return 0;
}

Verb add_create(Command buildx) {
  auto flags = std::make_shared<CreateFlags>();
  Command command = buildx.add_command("create", "accepted: there is nothing to make");
  command.add_positional("endpoint", flags->endpoint, "accepted").type_name("CONTEXT|ENDPOINT");
  command.add_option("--name", flags->name, "printed");
  for (const char* name : {"--driver", "--driver-opt", "--buildkitd-config,--config", "--buildkitd-flags",
                           "--platform", "--node", "--timeout"}) {
    command.add_option(name, flags->settings, "accepted");
  }
  for (const char* name : {"--use", "--bootstrap", "--append", "--leave"})
    command.add_flag(name, flags->ignored, "accepted");
  add_builder_flag(command);
  return {command, [flags, command](const Environment&) { return create(*flags, command); }};
}

// What takes names and changes nothing.
Verb add_accepted(Command buildx, const char* name, const std::vector<const char*>& accepted,
                  const char* said) {
  auto names = std::make_shared<std::vector<std::string>>();
  auto ignored = std::make_shared<bool>(false);
  Command command = buildx.add_command(name, std::string("accepted: ") + said);
  command.add_positional("names", *names, "accepted").type_name("NAME");
  for (const char* flag : accepted) command.add_flag(flag, *ignored, "accepted");
  add_builder_flag(command);
  return {command, [names, ignored, said](const Environment&) {
            note(said);
            return 0;
          }};
}

Verb add_inspect(Command buildx) {
  auto name = std::make_shared<std::string>(kBuilder);
  auto bootstrap = std::make_shared<bool>(false);
  Command command = buildx.add_command("inspect", "say what builds here");
  command.add_positional("name", *name, "printed").type_name("NAME");
  command.add_flag("--bootstrap", *bootstrap, "accepted: it is always ready");
  add_builder_flag(command);
  return {command, [name, bootstrap](const Environment&) {
            print(
                fmt::format("Name:          {0}\nDriver:        cooper\n\nNodes:\nName:          {0}0\n"
                            "Endpoint:      this process\nStatus:        running\n"
                            "BuildKit version: cooper {1}\nPlatforms:     {2}\n",
                            *name, kVersionNumber, oci::host_platform().str()));
            return 0;
          }};
}

Verb add_ls(Command buildx) {
  Command command = buildx.add_command("ls", "list what builds here");
  return {command, [](const Environment&) {
            const std::string platform = oci::host_platform().str();
            print(report::render_table(
                {{"NAME/NODE", "DRIVER/ENDPOINT", "STATUS", "BUILDKIT", "PLATFORMS"},
                 {std::string(kBuilder) + "*", "cooper", "running", kVersionNumber, platform}}));
            return 0;
          }};
}

}  // namespace

std::vector<Verb> add_builder_verbs(Command buildx) {
  return {add_create(buildx),
          add_inspect(buildx),
          add_ls(buildx),
          add_accepted(buildx, "use", {"--default", "--global"}, "nothing was chosen"),
          add_accepted(buildx, "rm", {"--all-inactive", "-f,--force", "--keep-state", "--keep-daemon"},
                       "nothing was removed"),
          add_accepted(buildx, "stop", {}, "nothing was stopped"),
          add_accepted(buildx, "install", {}, "docker build calls this plugin already"),
          add_accepted(buildx, "uninstall", {}, "docker build calls this plugin still")};
}

void add_builder_flag(Command command) {
  command.add_ignored_option("--builder", "accepted: there is one builder only");
}

}  // namespace cooper::cli
