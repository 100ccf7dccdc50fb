#include "build/store_check.h"

#include <fmt/format.h>

#include "base/cancellation.h"
#include "cache/store_records.h"
#include "snapshot/verify.h"
#include "store/discard.h"
#include "store/verify.h"

namespace cooper::build {
namespace {

std::string find_damage(const store::Item& item, StoreCheck& check, const std::stop_token& stop) {
  switch (item.kind) {
    case store::ItemKind::kLayer:
      // Without an index nobody finds it: litter, not damage.
      if (!item.has_index) return "";
      ++check.layers;
      return snapshot::find_layer_damage(item);
    case store::ItemKind::kBlob:
      ++check.blobs;
      return store::find_blob_damage(item, stop);
    case store::ItemKind::kRecord:
    case store::ItemKind::kStepRecord:
      ++check.records;
      return cache::find_record_damage(item);
    case store::ItemKind::kMount:
    case store::ItemKind::kSource:
      return "";
  }
  return "";
}

// A collector may have taken it while we read: then it is neither damaged nor there.
bool is_still_there(const store::Item& item) {
  return store::read_last_used(item).has_value();
}

}  // namespace

StoreCheck check_store(const store::Store& store, const std::stop_token& stop) {
  StoreCheck check;
  for (const store::Item& item : store::measure_usage(store).items) {
    base::throw_if_stopped(stop);
    std::string damage = find_damage(item, check, stop);
    if (damage.empty() || !is_still_there(item)) continue;
    std::string what = fmt::format("{}: {}", store::item_name(item), damage);
    check.damage.push_back({item, std::move(what)});
  }
  return check;
}

std::vector<std::string> repair_store(const store::Store& store, const StoreCheck& check) {
  std::vector<std::string> stayed;
  store::Discard discard(store);
  for (const StoreDamage& damage : check.damage) {
    store::Discard::Moment moment(store);
    store::Discard::Outcome outcome = discard.take(damage.item, moment);
    if (outcome == store::Discard::Outcome::kHeld) {
      stayed.push_back(store::item_name(damage.item) + " is used by a running build");
    } else if (outcome == store::Discard::Outcome::kStuck) {
      stayed.push_back(store::item_name(damage.item) + " belongs to another user");
    }
  }
  discard.empty();
  return stayed;
}

}  // namespace cooper::build
