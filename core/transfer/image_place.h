// Where an image lies or goes: a repository of a registry, or an OCI image layout on disk.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "oci/descriptor.h"
#include "oci/reference.h"
#include "registry/client.h"

namespace cooper::transfer {

// Documents are manifests and indexes. What is read is verified against its digest; errors name the place.
class ImagePlace {
 public:
  // kReferrer: by digest, and found by those who ask what refers to its subject.
  enum class Naming { kByDigest, kByName, kReferrer };

  virtual ~ImagePlace() = default;
  virtual std::string shown() const = 0;  // as people write it: "debian:12", "oci-layout://out:1.0"

  // What the place's name means; nullopt when it means nothing.
  virtual std::optional<registry::RawManifest> find(const std::stop_token& stop) = 0;
  virtual std::optional<registry::RawManifest> find(const base::Digest& document,
                                                    const std::stop_token& stop) = 0;
  // Whether the document, and so all that it names, is there.
  virtual bool has(const base::Digest& document, const std::stop_token& stop) = 0;
  virtual std::unique_ptr<base::ByteSource> open_blob(const oci::Descriptor& blob,
                                                      const std::stop_token& stop) = 0;
  // The manifests that have `subject` as their subject: signatures, SBOMs, provenance. OCI image-spec,
  // "Guidelines for Artifact Usage".
  virtual std::vector<oci::Descriptor> list_referrers(const base::Digest& subject,
                                                      const std::stop_token& stop) = 0;
  // The repository of the target's registry that has the blob, as far as this place knows: it can be mounted
  // from there. "" for none. From any thread.
  virtual std::string mount_source(const oci::Reference& /*target*/, const base::Digest& /*blob*/) {
    return "";
  }

  // Brings a blob here, its bytes only if they are not here yet.
  virtual registry::BlobPush put_blob(const oci::Descriptor& blob, ImagePlace& from,
                                      const std::stop_token& stop) = 0;
  // All that the document names must be here already.
  virtual void put(const registry::RawManifest& document, Naming naming, const std::stop_token& stop) = 0;
};

// "host/repository:tag", "…@digest", "docker://…", or "oci-layout://directory[:tag|@digest]", "oci:…". A
// layout is made when something is put there. Throws Error{kUsage} for what is no name.
std::unique_ptr<ImagePlace> open_place(const std::string& name, std::shared_ptr<registry::Client> client);

}  // namespace cooper::transfer
