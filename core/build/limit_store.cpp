#include "build/limit_store.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "cache/store_records.h"

namespace cooper::build {
namespace {

void tell(Toolbox& tools, base::Event::Kind kind, std::string text) {
  base::Event event;
  event.kind = kind;
  event.text = std::move(text);
  tools.events->emit(std::move(event));
}

void tell_result(Toolbox& tools, const store::GcResult& result, std::uint64_t limit) {
  std::vector<std::string> parts;
  if (result.removed > 0) {
    parts.push_back(fmt::format("removed {} unused {}, {}", result.removed,
                                result.removed == 1 ? "item" : "items", base::human_size(result.freed)));
  }
  if (result.over > 0) {
    parts.push_back(fmt::format("{} above the limit of {}: running builds hold it",
                                base::human_size(result.over), base::human_size(limit)));
  }
  if (result.named > 0) {
    parts.push_back(fmt::format("{} above the limit of {}: images with a name hold it, see 'cooper images'",
                                base::human_size(result.named), base::human_size(limit)));
  }
  if (!parts.empty()) tell(tools, base::Event::Kind::kNote, "store: " + base::join(parts, "; "));
  if (!result.stuck.empty()) {
    tell(tools, base::Event::Kind::kWarning,
         fmt::format("cannot remove from the store what belongs to other users: {}",
                     base::join(result.stuck, ", ")));
  }
}

}  // namespace

store::GcOptions gc_options() {
  store::GcOptions options;
  options.layer_of_record = cache::layer_of_record;
  return options;
}

void limit_store(Toolbox& tools, std::optional<std::uint64_t> limit, const std::stop_token& stop) {
  try {
    store::GcOptions options = gc_options();
    options.limit = limit.value_or(store::default_limit(*tools.store));
    if (options.limit == store::kNoLimit) return;
    tell_result(tools, store::collect(*tools.store, options, stop), options.limit);
  } catch (const base::Error& error) {
    tell(tools, base::Event::Kind::kWarning, "cannot keep the store below its limit: " + error.summary());
  }
}

}  // namespace cooper::build
