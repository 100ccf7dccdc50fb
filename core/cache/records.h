// The records of steps in one backend: found by key or content key, never believed, aged out.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "cache/backend.h"
#include "cache/record.h"

namespace cooper::cache {

// Hears of damage and outages, one line each, from any thread.
using Warn = std::function<void(const std::string&)>;

// How the last record of each step is kept.
enum class LastOfSteps {
  kApart,     // a document for each, written with the record: where writing one costs nothing
  kTogether,  // one document for all, written at the end by put_steps()
};

class Records {
 public:
  // Records older than `ttl` count as misses; zero: none is too old.
  Records(std::shared_ptr<Backend> backend, Warn warn, std::chrono::seconds ttl = {},
          LastOfSteps steps = LastOfSteps::kApart);

  // nullopt for a miss. A damaged record is a miss and is reported. A place that does not answer is reported
  // once and then not asked again: outage() says why. Throws Error{kCancelled} only.
  std::optional<Record> find(const base::Digest& key, const std::stop_token& stop);
  // Stores the record under its key and its content key; replaces what is there. Throws as Backend::write().
  void put(const Record& record, const std::stop_token& stop);
  // Adds to what is known of the last record of each step: step_id → key. Of two that do it at once one may
  // lose, which costs explanations. Throws as Backend::write().
  void put_steps(const std::map<std::string, base::Digest>& steps, const std::stop_token& stop);
  // The most recent record of the same step, whatever its key. A damaged one counts as none.
  std::optional<Record> last_of_step(const std::string& step_id, const std::stop_token& stop);
  // All records, each once; damaged ones are reported and left out. Throws as Backend::list().
  std::vector<Record> all(const std::stop_token& stop);

  Backend& backend() { return *backend_; }
  const std::shared_ptr<Backend>& shared_backend() const { return backend_; }
  std::string name() const { return backend_->name(); }
  // Why the place is not asked any more; "" while it is.
  std::string outage() const;

 private:
  std::optional<Record> read(const DocumentName& name, const std::stop_token& stop);
  std::optional<Record> checked(const base::Digest& key, const std::stop_token& stop);
  std::map<std::string, base::Digest> read_steps(const std::stop_token& stop);
  std::optional<Record> find_last(const std::string& step_id, const std::stop_token& stop);
  void give_up(const std::string& why);

  std::shared_ptr<Backend> backend_;
  Warn warn_;
  std::chrono::seconds ttl_;
  LastOfSteps steps_;
  std::mutex reading_steps_;
  std::optional<std::map<std::string, base::Digest>> known_steps_;
  std::atomic<bool> silent_ = false;
  base::Guarded<std::string> outage_;
};

}  // namespace cooper::cache
