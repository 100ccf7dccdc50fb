// Which repositories are known to have a blob: where it can be mounted from instead of being sent.
// Thread-safe. OCI distribution-spec, "Mounting a blob from another repository".
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/guarded.h"
#include "oci/reference.h"

namespace cooper::registry {

class BlobPlaces {
 public:
  void note(const base::Digest& blob, const oci::Reference& repository);
  bool contains(const base::Digest& blob, const oci::Reference& repository) const;
  // A repository on the host of `target`, other than `target`, that has the blob; "" for none.
  std::string mount_source(const base::Digest& blob, const oci::Reference& target) const;

 private:
  struct Place {
    std::string host;
    std::string repository;
    bool operator==(const Place&) const = default;
  };
  base::Guarded<std::map<base::Digest, std::vector<Place>>> places_;
};

}  // namespace cooper::registry
