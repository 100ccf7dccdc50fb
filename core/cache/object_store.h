// A flat, remote place of objects: what S3, Google Cloud Storage and Azure Blob have in common, and no more.
//
// Names are ours: "blobs/sha256/<hex>", "records/<hex>"; a store puts its prefix before them. An object is
// there whole or not at all. Every store passes the same conformance suite
// (tests/support/object_store_suite.h).
//
// Failures are Error{kAuth} where the service refuses us and Error{kRegistry} otherwise, retried first where
// they may pass; they name store and object and say what the service said, never a credential.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace cooper::cache {

// Thread-safe.
class ObjectStore {
 public:
  struct Body {
    std::uint64_t size = 0;                                   // bytes; a stream of another length is an error
    std::function<std::unique_ptr<base::ByteSource>()> open;  // anew for every attempt, one at a time
  };

  virtual ~ObjectStore() = default;
  virtual std::string name() const = 0;  // for people: "s3 bucket/prefix"
  // The whole object; nullopt when there is none. Throws Error{kCorrupt} when it is larger than `limit`
  // bytes.
  virtual std::optional<std::string> get(const std::string& object, std::size_t limit,
                                         const std::stop_token& stop) = 0;
  // Its bytes as they arrive. Throws when there is none, and from read() when they end early.
  virtual std::unique_ptr<base::ByteSource> open(const std::string& object, const std::stop_token& stop) = 0;
  virtual bool exists(const std::string& object, const std::stop_token& stop) = 0;
  // Replaces what is there.
  virtual void put(const std::string& object, const Body& body, const std::stop_token& stop) = 0;
  // Of several that put the same new object at once, one is told true. False: it was there already, perhaps
  // since an earlier attempt of this very call whose answer was lost.
  virtual bool put_new(const std::string& object, const Body& body, const std::stop_token& stop) = 0;
  // The names that begin with `prefix`, in the store's order, without the store's own prefix.
  virtual std::vector<std::string> list(const std::string& prefix, const std::stop_token& stop) = 0;
};

}  // namespace cooper::cache
