#include "cli/disk_verbs.h"

#include <cstdio>
#include <fmt/format.h>
#include <memory>

#include "base/text.h"
#include "build/limit_store.h"
#include "build/store_listing.h"
#include "cli/cache_command.h"
#include "cli/session.h"
#include "cli/store_command.h"
#include "cli/store_table.h"
#include "cli/usage_table.h"
#include "os/file_time.h"
#include "store/image_blobs.h"
#include "store/image_names.h"
#include "transfer/find_image.h"

namespace cooper::cli {

namespace {

struct DuFlags {
  std::string store;
  bool verbose = false;
  bool json = false;
};

std::string store_path(const std::string& asked, const Environment& environment) {
  return asked.empty() ? environment.default_store() : asked;
}

int du(const DuFlags& flags, const Environment& environment) {
  const std::string path = store_path(flags.store, environment);
  // In the namespace that builds use: trees hold files of ids that only it can look into.
  const Session session(environment, path, "auto");
  const std::shared_ptr<store::Store> store = store::Store::open(path);
  const std::vector<UsageRow> rows =
      sum_usage(store::measure_usage(*store), store::named_blobs(*store), transfer::list_images(*store));
  print(flags.json ? render_usage_json(rows) : render_usage_table(rows));
  if (flags.verbose && !flags.json) print("\n" + render_store_table(build::list_store(*store), os::now()));
  return 0;
}

// When the image was used last is when its manifest was.
bool was_used_since(const store::Store& store, const store::NamedImage& image, std::int64_t since) {
  const std::optional<std::int64_t> used = os::modified_time(store.blob_path(image.target.digest));
  return used && *used >= since;
}

// Entries that go before anything is collected: those without a name, and with --all the others, too.
void drop_images(const store::Store& store, bool all, store::GcOptions& options) {
  const std::vector<store::NamedImage> dropped =
      store::ImageNames(store).drop([&](const store::NamedImage& image) {
        return (all || image.name.empty()) && !was_used_since(store, image, options.unused_since);
      });
  for (const store::NamedImage& image : dropped) {
    options.given_up.merge(store::blobs_of(store, image.target).all);
    if (!image.name.empty()) print("untagged: " + transfer::familiar_name(image) + "\n");
  }
}

int prune(const CacheFlags& flags, const Environment& environment) {
  const std::string path = store_path(flags.store, environment);
  const Session session(environment, path, "auto");
  const std::shared_ptr<store::Store> store = store::Store::open(path);
  store::GcOptions options = prune_options(flags, environment, *store);
  drop_images(*store, flags.all, options);
  try {
    tell_pruned(store::collect(*store, options, session.stop()), flags, options);
  } catch (const base::Error&) {
    if (session.stop_signal() != 0) return 128 + session.stop_signal();
    throw;
  }
  return 0;
}

}  // namespace

Verb add_du_verb(Command program) {
  auto flags = std::make_shared<DuFlags>();
  Command command = program.add_command("du", "say what takes space in the store");
  command.add_flag("-v,--verbose", flags->verbose, "also each item, as 'cooper cache ls' has it");
  command.add_flag("--json", flags->json, "as JSON, in bytes");
  add_store_flag(command, flags->store);
  return {command, [flags](const Environment& environment) { return du(*flags, environment); }};
}

Verb add_prune_verb(Command program) {
  auto flags = std::make_shared<CacheFlags>();
  Command command = program.add_command(
      "prune", "remove images that lost their names, and what 'cooper cache prune' removes");
  add_prune_flags(command, *flags);
  command.describe_option("--all", "remove all images and all cache that no running build uses");
  add_store_flag(command, flags->store);
  return {command, [flags](const Environment& environment) { return prune(*flags, environment); }};
}

}  // namespace cooper::cli
