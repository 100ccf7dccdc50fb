#include "cli/transfer_verbs.h"

#include <memory>

#include "base/error.h"
#include "cli/copy_progress.h"
#include "cli/network.h"
#include "cli/registry_flags.h"
#include "cli/store_command.h"
#include "transfer/find_image.h"
#include "transfer/registry_place.h"
#include "transfer/store_place.h"

namespace cooper::cli {

namespace {

struct TransferFlags {
  std::vector<std::string> names;
  std::vector<std::string> platforms;
  std::string store;
  RegistryFlags registry;
  bool quiet = false;
};

// "all" for all that an index has; by default what this machine runs.
std::vector<oci::Platform> requested_platforms(const std::vector<std::string>& texts) {
  if (texts.empty()) return {oci::host_platform()};
  if (texts.size() == 1 && texts.front() == "all") return {};
  std::vector<oci::Platform> platforms;
  for (const std::string& text : texts) platforms.push_back(oci::parse_platform(text));
  return platforms;
}

int pull(const TransferFlags& flags, const Environment& environment, const std::stop_token& stop) {
  const std::vector<oci::Platform> platforms = requested_platforms(flags.platforms);
  const std::shared_ptr<registry::Client> client = open_network(environment, flags.registry, warn).client();
  const std::shared_ptr<store::Store> store = open_store(flags.store, environment);
  CopyProgress progress(flags.quiet);
  for (const std::string& name : flags.names) {
    transfer::CopyOptions options = progress.options();
    options.platforms = platforms;
    transfer::RegistryPlace from(oci::Reference::parse(name), client);
    transfer::StorePlace to(store, name);
    const transfer::CopyResult done = transfer::copy_image(from, to, options, stop);
    progress.tell(from.shown(), "the store", done);
    print(done.image.digest.str() + "\n");
  }
  return 0;
}

int push(const TransferFlags& flags, const Environment& environment, const std::stop_token& stop) {
  const std::shared_ptr<registry::Client> client = open_network(environment, flags.registry, warn).client();
  const std::shared_ptr<store::Store> store = open_store(flags.store, environment);
  // All are looked for before the first is sent.
  for (const std::string& name : flags.names) {
    if (!transfer::require_image(*store, name).name.empty()) continue;
    throw base::Error(base::ErrorKind::kUsage, "image '" + name + "' has no name to be pushed to")
        .hint("give it one with 'cooper tag " + name + " HOST/REPOSITORY:TAG'");
  }
  CopyProgress progress(flags.quiet);
  for (const std::string& text : flags.names) {
    const std::string name = transfer::require_image(*store, text).name;
    transfer::StorePlace from(store, name);
    transfer::RegistryPlace to(oci::Reference::parse(name), client);
    const transfer::CopyResult done = transfer::copy_image(from, to, progress.options(), stop);
    progress.tell("the store", to.shown(), done);
    print(done.image.digest.str() + "\n");
  }
  return 0;
}

using Run = int (*)(const TransferFlags&, const Environment&, const std::stop_token&);

Verb make_verb(Command command, const std::shared_ptr<TransferFlags>& flags, Run run) {
  command.add_positional("names", flags->names, "HOST/REPOSITORY:TAG; several go one after another")
      .required()
      .type_name("IMAGE");
  command.add_flag("-q,--quiet", flags->quiet, "print the digest only");
  add_store_flag(command, flags->store);
  add_registry_flags(command, flags->registry);
  return {command, [flags, run](const Environment& environment) {
            return run_stoppable([&](const std::stop_token& stop) { return run(*flags, environment, stop); });
          }};
}

}  // namespace

Verb add_pull_verb(Command program) {
  auto flags = std::make_shared<TransferFlags>();
  Command command = program.add_command("pull", "fetch an image into the store, and print its digest");
  command
      .add_option("--platform", flags->platforms,
                  "os/arch[/variant], several, or all (default: this machine's)")
      .delimiter(',');
  return make_verb(command, flags, pull);
}

Verb add_push_verb(Command program) {
  auto flags = std::make_shared<TransferFlags>();
  Command command =
      program.add_command("push", "send images of the store to their registries, and print their digests");
  return make_verb(command, flags, push);
}

}  // namespace cooper::cli
