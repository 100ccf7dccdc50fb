#include "build/cache_exports.h"

#include <fmt/format.h>
#include <utility>

#include "base/error.h"

namespace cooper::build {
namespace {

constexpr std::size_t kWritesAtOnce = 8;
constexpr int kPatience = 3;  // failures until a place is left alone

}  // namespace

CacheExports::CacheExports(const std::vector<CacheExport>& places, SealLayer seal, cache::Warn warn)
    : seal_(std::move(seal)), warn_(std::move(warn)) {
  for (const CacheExport& place : places) {
    if (place.is_inline()) continue;
    places_.push_back(std::make_unique<Place>());
    places_.back()->what = &place;
  }
  if (!places_.empty()) pool_.emplace(kWritesAtOnce);
}

CacheExports::~CacheExports() {
  stop_.request_stop();
}

bool CacheExports::wants(Place& place, const Step& step) const {
  if (!place.what->all_steps && !step.of_the_image) return false;
  if (step.origin != place.what->records->name()) return true;
  ++place.known;
  return false;
}

void CacheExports::offer(Step step) {
  const auto shared = std::make_shared<const Step>(std::move(step));
  for (const std::unique_ptr<Place>& place : places_) {
    if (!wants(*place, *shared)) continue;
    std::future<void> done = pool_->submit([this, shared, target = place.get()] { write(*target, *shared); });
    writes_.with([&](auto& writes) { writes.push_back(std::move(done)); });
  }
}

void CacheExports::write(Place& place, const Step& step) {
  if (stop_.stop_requested()) return;
  if (place.lost >= kPatience) {
    ++place.lost;
    return;
  }
  try {
    const snapshot::SealedLayer sealed = seal_(step, stop_.get_token());
    cache::Record record = step.record;
    record.layer_id.clear();  // means nothing elsewhere
    record.diff_id = sealed.diff_id;
    record.blob = sealed.blob;
    record.sealing = sealed.sealing;
    place.what->records->put(record, stop_.get_token());
    ++place.written;
    place.steps.with([&](auto& steps) { steps.insert_or_assign(record.step_id, record.key); });
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::kCancelled) return;
    ++place.lost;
    remember(place, error);
  }
}

void CacheExports::remember(Place& place, const base::Error& error) {
  place.failure.with([&](auto& failure) {
    if (!failure) failure = error;
  });
}

std::string CacheExports::close(Place& place) {
  const std::string name = place.what->records->name();
  try {
    const auto steps = place.steps.with([](const auto& known) { return known; });
    if (place.lost < kPatience) place.what->records->put_steps(steps, stop_.get_token());
  } catch (const base::Error& error) {
    remember(place, error);
  }
  if (auto failure = place.failure.with([](const auto& first) { return first; })) {
    if (place.what->must_succeed) throw base::Error(*failure).context("write the cache to " + name);
    warn_(fmt::format("{} of {} results not written to the cache in {}: {}", place.lost.load(),
                      place.lost + place.written, name, failure->summary()));
  }
  return fmt::format("cache in {}: {} written, {} there already", name, place.written.load(),
                     place.known.load());
}

void CacheExports::finish_after_failure(const std::stop_token& stop) {
  try {
    finish(stop);
  } catch (const base::Error& error) {
    warn_(error.summary());
  }
}

std::vector<std::string> CacheExports::finish(const std::stop_token& stop) {
  std::stop_callback forward(stop, [this] { stop_.request_stop(); });
  for (std::future<void>& write : writes_.with([](auto& writes) { return std::exchange(writes, {}); }))
    write.get();
  if (stop.stop_requested()) throw base::Error(base::ErrorKind::kCancelled, "build cancelled");
  std::vector<std::string> lines;
  for (const std::unique_ptr<Place>& place : places_) lines.push_back(close(*place));
  return lines;
}

}  // namespace cooper::build
