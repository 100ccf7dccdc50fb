#include "cli/cache_command.h"

#include <cstdio>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "build/cache_transfer.h"
#include "build/limit_store.h"
#include "build/store_check.h"
#include "build/store_listing.h"
#include "cli/flag_values.h"
#include "cli/session.h"
#include "cli/store_command.h"
#include "cli/store_limit.h"
#include "cli/store_table.h"
#include "os/file_time.h"
#include "store/gc.h"
#include "store/store.h"

namespace cooper::cli {
namespace {

// --until, or the same as buildx's filter; "" when neither was given.
std::string requested_age(const CacheFlags& flags) {
  std::string age = flags.until;
  for (const std::string& filter : flags.filters) {
    auto [key, value] = parse_key_value(filter, "--filter");
    if (key != "until") {
      throw base::Error(base::ErrorKind::kUnsupported, fmt::format("--filter '{}' is not supported", filter))
          .hint("use until=DURATION");
    }
    age = value;
  }
  return age;
}

int prune(const CacheFlags& flags, const Environment& environment, const store::Store& store,
          const std::stop_token& stop) {
  const store::GcOptions options = prune_options(flags, environment, store);
  tell_pruned(store::collect(store, options, stop), flags, options);
  return 0;
}

int verify(const CacheFlags& flags, const store::Store& store, const std::stop_token& stop) {
  build::StoreCheck check = build::check_store(store, stop);
  for (const build::StoreDamage& damage : check.damage) std::printf("%s\n", damage.what.c_str());
  if (check.damage.empty()) {
    std::printf("store is in order: %zu layers, %zu blobs, %zu records\n", check.layers, check.blobs,
                check.records);
    return 0;
  }
  if (!flags.repair) {
    throw base::Error(base::ErrorKind::kCorrupt,
                      fmt::format("store '{}' is damaged in {} places", store.path(), check.damage.size()))
        .hint("remove what is damaged with 'cooper cache verify --repair'; builds make it again");
  }
  std::vector<std::string> stayed = build::repair_store(store, check);
  std::printf("removed %zu damaged items\n", check.damage.size() - stayed.size());
  if (stayed.empty()) return 0;
  throw base::Error(base::ErrorKind::kCorrupt, "cannot remove all: " + base::join(stayed, ", "))
      .hint("run it again when no build runs, as the owner of the store");
}

// Warnings on standard error, nothing else.
class WarningSink final : public base::EventSink {
 public:
  void emit(base::Event event) override {
    if (event.kind == base::Event::Kind::kWarning) std::fprintf(stderr, "warning: %s\n", event.text.c_str());
  }
};

int transfer(const CacheFlags& flags, Session& session) {
  const bool is_export = flags.action == CacheFlags::Action::kExport;
  const char* flag = is_export ? "--to" : "--from";
  std::optional<build::CachePlace> place = parse_cache_place(flags.place, flag);
  if (!place) throw base::Error(base::ErrorKind::kUsage, fmt::format("{} is empty", flag));
  WarningSink warnings;
  build::Toolbox tools = session.open_tools(flags.registry, warnings);
  const std::string line = is_export ? build::export_cache(*place, tools, session.stop())
                                     : build::import_cache(*place, tools, session.stop());
  std::printf("%s\n", line.c_str());
  return 0;
}

int list(const CacheFlags& flags, const store::Store& store) {
  build::StoreListing listing = build::list_store(store);
  std::string text = flags.json ? render_store_json(listing) : render_store_table(listing, os::now());
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

}  // namespace

void add_prune_flags(Command command, CacheFlags& flags) {
  command.add_flag("-a,--all", flags.all, "remove all that no running build uses");
  command.add_option("--until", flags.until, "only what was not used for this long: 24h, 7d");
  command.add_option("--max-used-space,--keep-storage", flags.max_used_space,
                     "stop when this much is left: 5GB");
  command.add_option("--filter", flags.filters, "until=DURATION");
  command.add_flag("-f,--force", flags.force, "do not ask (cooper never asks)");
  command.add_option("--store-limit", flags.store_limit,
                     "without other flags: how much is left (default: 20 GB, at most 20% of the disk)");
}

store::GcOptions prune_options(const CacheFlags& flags, const Environment& environment,
                               const store::Store& store) {
  store::GcOptions options = build::gc_options();
  std::string age = requested_age(flags);
  if (!age.empty()) options.unused_since = os::now() - parse_duration(age, "--until");
  if (!flags.max_used_space.empty()) {
    options.limit = static_cast<std::uint64_t>(parse_bytes(flags.max_used_space, "--max-used-space"));
  } else if (flags.all || !age.empty()) {
    options.limit = 0;
  } else {
    options.limit =
        requested_store_limit(flags.store_limit, environment).value_or(store::default_limit(store));
    options.unreachable = true;
  }
  return options;
}

void tell_pruned(const store::GcResult& result, const CacheFlags& flags, const store::GcOptions& options) {
  std::printf("removed %zu %s, %s; %s left\n", result.removed, result.removed == 1 ? "item" : "items",
              base::human_size(result.freed).c_str(), base::human_size(result.remaining).c_str());
  // What --until spares is above "limit 0" by intent.
  const bool limited = !flags.max_used_space.empty() || options.unreachable;
  if (limited && result.over > 0 && options.unused_since > os::now()) {
    std::fprintf(stderr, "note: %s above the limit of %s: running builds hold it\n",
                 base::human_size(result.over).c_str(), base::human_size(options.limit).c_str());
  }
  if (limited && result.named > 0) {
    std::fprintf(stderr, "note: %s above the limit of %s: images with a name hold it, see 'cooper images'\n",
                 base::human_size(result.named).c_str(), base::human_size(options.limit).c_str());
  }
  if (!result.stuck.empty()) {
    std::fprintf(stderr, "warning: cannot remove what belongs to other users: %s\n",
                 base::join(result.stuck, ", ").c_str());
  }
}

void add_cache_flags(Command command, CacheFlags& flags) {
  using Action = CacheFlags::Action;
  auto add = [&](const char* name, const char* what, Action action) {
    Command added = command.add_command(name, what);
    add_store_flag(added, flags.store);
    added.on_chosen([&flags, action] { flags.action = action; });
    return added;
  };
  command.require_command();
  add("ls", "show what is in the store", Action::kList).add_flag("--json", flags.json, "as JSON");
  add_prune_flags(add("prune", "remove what is not needed", Action::kPrune), flags);
  add("verify", "look for damage", Action::kVerify)
      .add_flag("--repair", flags.repair, "remove what is damaged, so that builds make it again");
  Command exporting = add("export", "write all results to another cache", Action::kExport);
  exporting.add_option("--to", flags.place, "as --cache-to: type=registry,ref=…, type=local,dest=…, …")
      .required();
  add_registry_flags(exporting, flags.registry);
  Command importing = add("import", "bring all results of another cache into the store", Action::kImport);
  importing.add_option("--from", flags.place, "as --cache-from: type=registry,ref=…, type=local,src=…, …")
      .required();
  add_registry_flags(importing, flags.registry);
}

int run_cache_command(const CacheFlags& flags, const Environment& environment) {
  std::string path = flags.store.empty() ? environment.default_store() : flags.store;
  // In the namespace that builds use: files there belong to ids that only it may remove.
  Session session(environment, path, "auto");
  std::shared_ptr<store::Store> store = store::Store::open(path);
  try {
    switch (flags.action) {
      case CacheFlags::Action::kList:
        return list(flags, *store);
      case CacheFlags::Action::kPrune:
        return prune(flags, environment, *store, session.stop());
      case CacheFlags::Action::kVerify:
        return verify(flags, *store, session.stop());
      case CacheFlags::Action::kExport:
      case CacheFlags::Action::kImport:
        return transfer(flags, session);
    }
  } catch (const base::Error&) {
    if (session.stop_signal() != 0) return 128 + session.stop_signal();
    throw;
  }
  return 0;
}

}  // namespace cooper::cli
