// The records of steps in one backend: found by key or content key, never believed, aged out.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
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

class Records {
 public:
  // Records older than `ttl` count as misses; zero: none is too old.
  Records(std::shared_ptr<Backend> backend, Warn warn, std::chrono::seconds ttl = {});

  // nullopt for a miss. A damaged record is a miss and is reported. A place that does not answer is reported
  // once and then not asked again: outage() says why. Throws Error{kCancelled} only.
  std::optional<Record> find(const base::Digest& key, const std::stop_token& stop);
  // Stores the record under its key, its content key and as the last one of its step; replaces what is there.
  // Throws as Backend::write().
  void put(const Record& record, const std::stop_token& stop);
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
  void give_up(const std::string& why);

  std::shared_ptr<Backend> backend_;
  Warn warn_;
  std::chrono::seconds ttl_;
  std::atomic<bool> silent_ = false;
  base::Guarded<std::string> outage_;
};

}  // namespace cooper::cache
