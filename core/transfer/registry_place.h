// A repository of a registry as a place for images.
#pragma once

#include "transfer/image_place.h"

namespace cooper::transfer {

class RegistryPlace final : public ImagePlace {
 public:
  RegistryPlace(oci::Reference reference, std::shared_ptr<registry::Client> client)
      : reference_(std::move(reference)), client_(std::move(client)) {}

  std::string shown() const override { return reference_.familiar(); }
  std::optional<registry::RawManifest> find(const std::stop_token& stop) override;
  std::optional<registry::RawManifest> find(const base::Digest& document,
                                            const std::stop_token& stop) override;
  bool has(const base::Digest& document, const std::stop_token& stop) override;
  std::unique_ptr<base::ByteSource> open_blob(const oci::Descriptor& blob,
                                              const std::stop_token& stop) override;
  std::vector<oci::Descriptor> list_referrers(const base::Digest& subject,
                                              const std::stop_token& stop) override;
  // Whatever this repository's image has lies in it.
  std::string mount_source(const oci::Reference& target, const base::Digest& blob) override;
  registry::BlobPush put_blob(const oci::Descriptor& blob, ImagePlace& from,
                              const std::stop_token& stop) override;
  // A name with a digest is put by digest only; throws Error{kUsage} for another one's.
  void put(const registry::RawManifest& document, Naming naming, const std::stop_token& stop) override;

 private:
  oci::Reference at(const base::Digest& digest) const;

  const oci::Reference reference_;
  const std::shared_ptr<registry::Client> client_;
};

}  // namespace cooper::transfer
