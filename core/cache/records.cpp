#include "cache/records.h"

#include <ctime>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace cooper::cache {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostSteps = 10'000;

DocumentName all_steps() {
  return {DocumentKind::kStep, "all"};
}

DocumentName record_name(const base::Digest& key) {
  return {DocumentKind::kRecord, key.hex()};
}

DocumentName step_name(const std::string& step_id) {
  return {DocumentKind::kStep, base::sha256(step_id).hex()};
}

// What a place says about itself, as opposed to one document of it.
bool is_outage(const base::Error& error) {
  return error.kind() == base::ErrorKind::kRegistry || error.kind() == base::ErrorKind::kAuth;
}

}  // namespace

Records::Records(std::shared_ptr<Backend> backend, Warn warn, std::chrono::seconds ttl, LastOfSteps steps)
    : backend_(std::move(backend)), warn_(std::move(warn)), ttl_(ttl), steps_(steps) {}

std::optional<Record> Records::read(const DocumentName& name, const std::stop_token& stop) {
  const std::optional<std::string> text = backend_->read(name, stop);
  if (!text) return std::nullopt;
  Record record = Record::parse(*text);
  const bool old = ttl_.count() > 0 && record.created + ttl_.count() < std::time(nullptr);
  return old ? std::nullopt : std::optional<Record>(std::move(record));
}

std::optional<Record> Records::checked(const base::Digest& key, const std::stop_token& stop) {
  std::optional<Record> record = read(record_name(key), stop);
  if (record && !record->answers(key)) {
    throw base::Error(base::ErrorKind::kCorrupt, "it is the record of another key");
  }
  return record;
}

std::optional<Record> Records::find(const base::Digest& key, const std::stop_token& stop) {
  if (silent_) return std::nullopt;
  try {
    return checked(key, stop);
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::kCancelled) throw;
    if (is_outage(error)) {
      give_up(error.summary());
    } else {
      warn_(fmt::format("ignoring the cache record '{}' of {}: {}", key.hex(), name(), error.summary()));
    }
    return std::nullopt;
  }
}

void Records::give_up(const std::string& why) {
  if (silent_.exchange(true)) return;
  outage_.with([&](std::string& outage) { outage = why; });
  warn_(fmt::format("going on without the cache of {}: {}", name(), why));
}

std::string Records::outage() const {
  return outage_.with([](const std::string& outage) { return outage; });
}

void Records::put(const Record& record, const std::stop_token& stop) {
  Document document{record.serialize(), {}};
  if (record.blob) document.blobs.push_back(*record.blob);
  backend_->write(record_name(record.key), document, stop);
  if (record.content_key && record.content_key != record.key) {
    backend_->write(record_name(*record.content_key), document, stop);
  }
  if (steps_ == LastOfSteps::kApart && !record.step_id.empty())
    backend_->write(step_name(record.step_id), document, stop);
}

std::map<std::string, base::Digest> Records::read_steps(const std::stop_token& stop) {
  std::map<std::string, base::Digest> steps;
  const std::optional<std::string> text = backend_->read(all_steps(), stop);
  if (!text) return steps;
  const Json json = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return steps;
  for (const auto& [step, key] : json.items()) {
    if (!key.is_string()) continue;
    if (const auto digest = base::Digest::parse(key.get<std::string>())) steps.emplace(step, *digest);
  }
  return steps;
}

void Records::put_steps(const std::map<std::string, base::Digest>& steps, const std::stop_token& stop) {
  if (steps.empty() || steps_ == LastOfSteps::kApart) return;
  std::map<std::string, base::Digest> all = read_steps(stop);
  if (all.size() > kMostSteps) all.clear();
  Json json = Json::object();
  for (const auto& [step, key] : steps) all.insert_or_assign(step, key);
  for (const auto& [step, key] : all) json[step] = key.str();
  backend_->write(all_steps(), {json.dump(1) + "\n", {}}, stop);
}

std::optional<Record> Records::find_last(const std::string& step_id, const std::stop_token& stop) {
  if (steps_ == LastOfSteps::kApart) return read(step_name(step_id), stop);
  std::optional<base::Digest> last;
  {
    // Held while the document is read, so that it is read once.
    std::scoped_lock lock(reading_steps_);
    if (!known_steps_) known_steps_ = read_steps(stop);
    const auto key = known_steps_->find(step_id);
    if (key != known_steps_->end()) last = key->second;
  }
  return last ? read(record_name(*last), stop) : std::nullopt;
}

std::optional<Record> Records::last_of_step(const std::string& step_id, const std::stop_token& stop) {
  if (silent_) return std::nullopt;
  try {
    std::optional<Record> record = find_last(step_id, stop);
    if (record && record->step_id == step_id) return record;
  } catch (const base::Error& error) {
    // Only an explanation and a guess at a duration depend on it, and the next put() replaces it.
    if (error.kind() == base::ErrorKind::kCancelled) throw;
  }
  return std::nullopt;
}

std::vector<Record> Records::all(const std::stop_token& stop) {
  std::vector<Record> records;
  for (const std::string& id : backend_->list(DocumentKind::kRecord, stop)) {
    const std::optional<base::Digest> key = base::Digest::from_hex(id);
    if (!key) continue;
    std::optional<Record> record = find(*key, stop);
    // One that has a content key is stored under both.
    if (record && record->key == *key) records.push_back(std::move(*record));
  }
  return records;
}

}  // namespace cooper::cache
