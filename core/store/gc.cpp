#include "store/gc.h"

#include <algorithm>
#include <sys/statvfs.h>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "store/discard.h"
#include "store/image_blobs.h"
#include "store/usage.h"

namespace cooper::store {
namespace {

constexpr std::size_t kBatch = 64;  // items that are moved away while builds wait

// Layers of images and of caches are found by their diffID, which is in their id, and those of directories
// that layers only imply by what they are made for (snapshot/): no record names them.
bool is_found_by_id(const Item& layer) {
  if (!layer.has_index) return layer.id.starts_with("directories-");
  return layer.id.starts_with("sha256-") || layer.id.starts_with("made-");
}

bool is_record(const Item& item) {
  return item.kind == ItemKind::kRecord || item.kind == ItemKind::kStepRecord;
}

class Collector {
 public:
  Collector(const Store& store, const GcOptions& options)
      : store_(store), options_(options), usage_(measure_usage(store)), total_(usage_.total()) {}

  GcResult run(const std::stop_token& stop) {
    if (total_ > options_.limit || options_.unreachable) {
      // After everything was measured: a blob that an image gets later has a later time.
      named_blobs_ = named_blobs(store_);
      choose();
      remove_chosen(stop);
    }
    result_.remaining = total_;
    const std::uint64_t above = total_ > options_.limit ? total_ - options_.limit : 0;
    result_.named = std::min(above, of_images_);
    result_.over = std::min(above - result_.named, held_ + usage_.work);
    return std::move(result_);
  }

 private:
  struct Candidate {
    const Item* item = nullptr;
    std::size_t layer = kNone;  // of a record: the candidate's layer, an index into usage_.items
    bool unreachable = false;
    bool named = false;  // of an image that has a name
    std::int64_t last_used = 0;
  };
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

  // In the order in which they are to go.
  void choose() {
    index_layers();
    candidates_.reserve(usage_.items.size());
    for (const Item& item : usage_.items) candidates_.push_back(describe(item));
    for (Candidate& candidate : candidates_) {
      candidate.unreachable = candidate.unreachable || is_unreachable_layer(*candidate.item);
      // A record is as old as its layer, and follows it.
      if (candidate.layer == kNone) continue;
      candidate.last_used = std::max(candidate.last_used, usage_.items[candidate.layer].last_used);
      candidate.unreachable = is_unreachable_layer(usage_.items[candidate.layer]);
    }
    std::sort(candidates_.begin(), candidates_.end(), [](const Candidate& a, const Candidate& b) {
      auto order = [](const Candidate& c) {
        return std::tuple(!c.unreachable, c.last_used, is_record(*c.item), c.item->id);
      };
      return order(a) < order(b);
    });
  }

  void index_layers() {
    for (std::size_t i = 0; i < usage_.items.size(); ++i) {
      const Item& item = usage_.items[i];
      if (item.kind == ItemKind::kLayer && item.has_index) layers_.emplace(item.id, i);
    }
  }

  Candidate describe(const Item& item) {
    Candidate candidate;
    candidate.item = &item;
    candidate.last_used = item.last_used;
    if (item.kind == ItemKind::kBlob) describe_blob(candidate);
    if (!is_record(item) || !options_.layer_of_record) return candidate;
    std::optional<std::string> id = options_.layer_of_record(item.paths[0]);
    if (!id || id->empty()) return candidate;
    auto layer = layers_.find(*id);
    if (layer != layers_.end()) {
      candidate.layer = layer->second;
      if (item.kind == ItemKind::kRecord) named_.insert(*id);
    } else {
      // The last record of a step still explains why it ran, without its layer.
      candidate.unreachable = item.kind == ItemKind::kRecord;
    }
    return candidate;
  }

  void describe_blob(Candidate& candidate) {
    const std::optional<base::Digest> digest = base::Digest::from_hex(candidate.item->id);
    if (!digest) return;
    candidate.named = named_blobs_.contains(*digest);
    candidate.unreachable = options_.given_up.contains(*digest);
    if (candidate.named) of_images_ += candidate.item->size;
  }

  bool is_unreachable_layer(const Item& item) const {
    if (item.kind != ItemKind::kLayer || is_found_by_id(item)) return false;
    return !item.has_index || (options_.layer_of_record && !named_.contains(item.id));
  }

  bool is_wanted(const Candidate& candidate) const {
    const Item& item = *candidate.item;
    if (candidate.named || candidate.last_used >= options_.unused_since) return false;
    if (item.kind == ItemKind::kRecord && candidate.layer != kNone) return gone_.contains(candidate.layer);
    return total_ > options_.limit || (options_.unreachable && candidate.unreachable);
  }

  void remove_chosen(const std::stop_token& stop) {
    Discard discard(store_);
    for (auto next = candidates_.begin(); !stop.stop_requested();) {
      next = std::find_if(next, candidates_.end(), [&](const Candidate& c) { return is_wanted(c); });
      if (next == candidates_.end()) break;
      {
        Discard::Moment moment(store_);
        for (std::size_t count = 0; count < kBatch && next != candidates_.end(); ++count, ++next) {
          if (is_wanted(*next)) remove(*next, discard, moment);
        }
      }
      for (Discard::Leftover& left : discard.empty()) put_back(std::move(left));
    }
  }

  void remove(const Candidate& candidate, Discard& discard, const Discard::Moment& moment) {
    const Item& item = *candidate.item;
    Discard::Outcome outcome = discard.take(item, moment);
    if (outcome == Discard::Outcome::kHeld) held_ += item.size;
    if (outcome == Discard::Outcome::kStuck) result_.stuck.push_back(item_name(item));
    if (outcome != Discard::Outcome::kTaken && outcome != Discard::Outcome::kGone) return;
    // What another collector took is gone for us too; else both would make room for the same bytes.
    total_ -= std::min(total_, item.size);
    if (item.kind == ItemKind::kLayer) gone_.insert(static_cast<std::size_t>(&item - usage_.items.data()));
    if (outcome == Discard::Outcome::kGone) return;
    ++result_.removed;
    result_.freed += item.size;
  }

  void put_back(Discard::Leftover left) {
    total_ += left.size;
    result_.freed -= std::min(result_.freed, left.size);
    if (std::find(result_.stuck.begin(), result_.stuck.end(), left.name) == result_.stuck.end()) {
      result_.stuck.push_back(std::move(left.name));
    }
  }

  const Store& store_;
  const GcOptions& options_;
  const Usage usage_;
  std::uint64_t total_;
  std::uint64_t held_ = 0;       // bytes that should go, but others use
  std::uint64_t of_images_ = 0;  // bytes of images with a name
  std::set<base::Digest> named_blobs_;
  std::unordered_map<std::string, std::size_t> layers_;  // with an index, by id
  std::unordered_set<std::string> named_;                // by a record
  std::unordered_set<std::size_t> gone_;                 // layers, by their place in usage_
  std::vector<Candidate> candidates_;
  GcResult result_;
};

}  // namespace

std::uint64_t default_limit(const Store& store) {
  constexpr std::uint64_t kMost = 20'000'000'000;
  constexpr std::uint64_t kPartOfDisk = 5;
  struct statvfs disk {};
  base::check(::statvfs(store.path().c_str(), &disk), "examine the disk of", store.path());
  return std::min<std::uint64_t>(kMost, disk.f_blocks * disk.f_frsize / kPartOfDisk);
}

GcResult collect(const Store& store, const GcOptions& options, const std::stop_token& stop) {
  return Collector(store, options).run(stop);
}

}  // namespace cooper::store
