// Where a pull is tried: mirrors in their order, and last where the name says.
//
// A mirror only helps: whatever goes wrong there leads to the next place, with one line that says why. One
// that cannot be reached is not asked again. What the last place says counts, and its error names what the
// mirrors said. Thread-safe. Private to registry.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/guarded.h"
#include "registry/transport.h"

namespace cooper::registry {

class PullPlaces {
 public:
  // Mirrors are spoken to through `for_mirrors`, which has less patience.
  PullPlaces(std::shared_ptr<Transport> transport, std::shared_ptr<Transport> for_mirrors)
      : transport_(std::move(transport)), for_mirrors_(std::move(for_mirrors)) {}

  struct Place {
    oci::Reference reference;
    std::shared_ptr<Transport> transport;
    bool is_last = true;
  };
  // Asks each place until one has what is wanted: `ask` says whether. Returns whether any had it. Throws what
  // the last place threw.
  bool ask_each(const oci::Reference& reference, const std::function<bool(const Place&)>& ask);

 private:
  using Answers = std::vector<std::string>;  // what mirrors said, one line each

  // Whether a mirror had it; else why not is added to `answers`, and told.
  bool ask_mirror(const Place& place, const std::function<bool(const Place&)>& ask, Answers& answers,
                  bool& all_said_no);
  void tell(const std::string& line);

  const std::shared_ptr<Transport> transport_;
  const std::shared_ptr<Transport> for_mirrors_;
  base::Guarded<std::set<std::string>> told_;  // lines that were said, each once
  base::Guarded<std::set<std::string>> gone_;  // hosts of mirrors that cannot be reached
};

// `options` with the patience that a mirror deserves.
ClientOptions options_for_mirrors(ClientOptions options);

}  // namespace cooper::registry
