// One place where records and blobs are kept. Each backend passes the same conformance suite
// (tests/support/cache_backend_suite.h).
//
// All calls may come from several threads at once, and several processes may use the same place.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/cancellation.h"
#include "cache/record.h"

namespace cooper::cache {

class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string name() const = 0;  // for people: "local store"
  // One answer per key, in order; nullopt for a miss. A damaged record is a miss and is reported through the
  // warning sink.
  virtual std::vector<std::optional<Record>> find(const std::vector<base::Digest>& keys,
                                                  const std::stop_token& stop) = 0;
  // The compressed bytes of a record's blob; the caller verifies. Throws Error{kRegistry|kIo} when it is
  // gone.
  virtual std::unique_ptr<base::ByteSource> open_blob(const oci::Descriptor& blob,
                                                      const std::stop_token& stop) = 0;
  // Stores the record under its key, and under its content key when it has one; replaces what is there.
  // Throws Error{kRegistry|kAuth|kIo} when that fails.
  virtual void put(const Record& record, const std::stop_token& stop) = 0;
};

// Backend::find() for one that asks for each key by itself: `find_one(key)` gives what it has.
template <typename FindOne>
std::vector<std::optional<Record>> find_each(const std::vector<base::Digest>& keys,
                                             const std::stop_token& stop, FindOne find_one) {
  std::vector<std::optional<Record>> records;
  for (const base::Digest& key : keys) {
    base::throw_if_stopped(stop);
    records.push_back(find_one(key));
  }
  return records;
}

}  // namespace cooper::cache
