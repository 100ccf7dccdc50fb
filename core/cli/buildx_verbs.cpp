#include "cli/buildx_verbs.h"

#include <array>
#include <cstdio>
#include <fmt/format.h>
#include <memory>

#include "base/error.h"
#include "base/text.h"
#include "cli/build_command.h"
#include "cli/build_flags.h"
#include "cli/builder_verbs.h"
#include "cli/cache_command.h"
#include "cli/call_command.h"
#include "cli/disk_verbs.h"
#include "cli/imagetools.h"
#include "cli/store_command.h"
#include "cli/version.h"

namespace cooper::cli {

namespace {

struct BuildxBuildFlags {
  BuildFlags build;
  bool debug = false;
  bool remove = true;
  bool force_remove = false;
};

int build(const BuildxBuildFlags& flags, const Environment& environment) {
  if (auto call = requested_call(flags.build)) return run_call_command(*call, flags.build, environment);
  return run_build_command(flags.build, environment);
}

Verb add_build(Command buildx) {
  auto flags = std::make_shared<BuildxBuildFlags>();
  Command command = buildx.add_command("build", "build an image from a Dockerfile");
  command.alias("b");
  add_build_flags(command, flags->build);
  add_builder_flag(command);
  command.add_flag("-D,--debug", flags->debug, "accepted: errors are always told in full");
  command.add_flag("--rm", flags->remove, "accepted: nothing is left behind");
  command.add_flag("--force-rm", flags->force_remove, "accepted: nothing is left behind");
  return {command, [flags](const Environment& environment) { return build(*flags, environment); }};
}

// buildx's is about the cache alone; images are docker's.
Verb add_cache_prune(Command buildx) {
  auto flags = std::make_shared<CacheFlags>();
  auto verbose = std::make_shared<bool>(false);
  flags->action = CacheFlags::Action::kPrune;
  Command command = buildx.add_command("prune", "remove build cache");
  add_prune_flags(command, *flags);
  command.add_flag("--verbose", *verbose, "accepted: what was removed is always said");
  add_store_flag(command, flags->store);
  add_builder_flag(command);
  return {command, [flags, verbose](const Environment& environment) {
            return run_cache_command(*flags, environment);
          }};
}

Verb add_version(Command buildx) {
  Command command = buildx.add_command("version", "say which cooper this is");
  return {command, [](const Environment&) {
            print(fmt::format("github.com/docker/buildx served by cooper {}\n", kVersionNumber));
            return 0;
          }};
}

struct Refused {
  const char* name;
  const char* why;
  const char* hint;
};

constexpr std::array<Refused, 3> kRefused = {{
    {"bake", "cooper reads no bake files",
     "run 'build' once for each target, or list the images in .cooper.yml and run 'cooper ci build'"},
    {"history", "cooper keeps no records of builds", "have each build write one with --result-file"},
    {"dial-stdio", "there is no builder to talk to", "build with 'docker buildx build'"},
}};

Verb add_refused(Command buildx, const Refused& refused) {
  Command command = buildx.add_command(refused.name, std::string("not offered: ") + refused.why);
  command.allow_extras();
  return {command, [refused](const Environment&) -> int {
            throw base::Error(base::ErrorKind::kUnsupported,
                              fmt::format("'buildx {}' is not offered: {}", refused.name, refused.why))
                .hint(refused.hint);
          }};
}

}  // namespace

std::vector<Verb> add_buildx_verbs(Command program) {
  Command buildx = program.add_command("buildx", "docker buildx as cooper serves it");
  buildx.hide();  // for programs: docker's plugin is what people see
  buildx.require_command();
  add_builder_flag(buildx);
  std::vector<Verb> verbs = {add_build(buildx), add_cache_prune(buildx), add_version(buildx)};
  for (std::vector<Verb> more : {add_builder_verbs(buildx), add_imagetools_verbs(buildx)})
    verbs.insert(verbs.end(), more.begin(), more.end());
  verbs.push_back(add_du_verb(buildx));
  add_builder_flag(verbs.back().command);
  for (const Refused& refused : kRefused) verbs.push_back(add_refused(buildx, refused));
  return verbs;
}

}  // namespace cooper::cli
