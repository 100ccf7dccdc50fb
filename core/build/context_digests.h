// Digests of the files of local contexts, kept in the store from one build to the next, so that a build of an
// unchanged directory looks at its files and reads none of them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "context/digest_cache.h"
#include "store/store.h"

namespace cooper::build {

class ContextDigests {
 public:
  explicit ContextDigests(std::shared_ptr<store::Store> store) : store_(std::move(store)) {}

  // Those of the files below `directory`, which exists.
  std::shared_ptr<context::DigestCache> of(const std::string& directory);

  // Writes what was learnt. What cannot be written costs time in the next build and nothing in this one:
  // `warn` hears of it.
  void save(const std::function<void(const std::string&)>& warn) const;

 private:
  std::shared_ptr<store::Store> store_;
  std::map<std::string, std::shared_ptr<context::DigestCache>>
      by_place_;  // sources/context/<hex> in the store
};

}  // namespace cooper::build
