// What refers to a manifest: signatures, SBOMs, attestations whose `subject` it is.
//
// OCI distribution-spec v1.1, "Listing Referrers" and "Referrers Tag Schema": registries without the API keep
// an index under the tag "sha256-<hex>", which the clients update. Private to registry.
#pragma once

#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "oci/descriptor.h"
#include "registry/transport.h"

namespace cooper::registry {

struct Referrer {
  base::Digest subject;
  oci::Descriptor descriptor;  // with artifact type and annotations, as the spec wants it listed
};

// The referrer that a manifest or an index is; nullopt when it has no subject. Throws Error{kCorrupt}.
std::optional<Referrer> referrer_of(const std::string& media_type, const std::string& raw);

class Referrers {
 public:
  explicit Referrers(Transport& transport) : transport_(transport) {}

  // All that refer to `subject`, only those of `artifact_type` unless that is "". None is no error.
  std::vector<oci::Descriptor> list(const oci::Reference& repository, const base::Digest& subject,
                                    const std::string& artifact_type, const std::stop_token& stop);
  // Adds a referrer that was pushed to the index under the tag. Another writer at the same moment may take it
  // out again; that is looked for, and mended, once.
  void record(const oci::Reference& repository, const Referrer& referrer, const std::stop_token& stop);

 private:
  std::optional<std::vector<oci::Descriptor>> ask(const oci::Reference& repository,
                                                  const base::Digest& subject,
                                                  const std::string& artifact_type,
                                                  const std::stop_token& stop);
  std::vector<oci::Descriptor> read_tag(const oci::Reference& repository, const base::Digest& subject,
                                        const std::stop_token& stop);
  void write_tag(const oci::Reference& repository, const base::Digest& subject,
                 std::vector<oci::Descriptor> referrers, const std::stop_token& stop);

  Transport& transport_;
  std::mutex recording_;  // one reads and writes the index at a time
};

}  // namespace cooper::registry
