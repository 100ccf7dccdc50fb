// An OCI image layout on disk as a place for images: read as OciLayout reads it, and written to.
//
// A layout may be written by one process at a time; blobs and index.json are put in place by renaming.
#pragma once

#include <mutex>

#include "oci/manifest.h"
#include "transfer/image_place.h"
#include "transfer/oci_layout.h"

namespace cooper::transfer {

class LayoutPlace final : public ImagePlace {
 public:
  explicit LayoutPlace(LayoutName name) : name_(std::move(name)) {}

  std::string shown() const override { return name_.str(); }
  std::optional<registry::RawManifest> find(const std::stop_token& stop) override;
  std::optional<registry::RawManifest> find(const base::Digest& document,
                                            const std::stop_token& stop) override;
  bool has(const base::Digest& document, const std::stop_token& stop) override;
  std::unique_ptr<base::ByteSource> open_blob(const oci::Descriptor& blob,
                                              const std::stop_token& stop) override;
  std::vector<oci::Descriptor> list_referrers(const base::Digest& subject,
                                              const std::stop_token& stop) override;
  registry::BlobPush put_blob(const oci::Descriptor& blob, ImagePlace& from,
                              const std::stop_token& stop) override;
  // By name: listed in index.json under the layout's tag, in place of what had it before.
  void put(const registry::RawManifest& document, Naming naming, const std::stop_token& stop) override;

 private:
  std::string blob_path(const base::Digest& digest) const;
  bool has_blob(const base::Digest& digest) const;
  void make();
  oci::Index read_index() const;
  void list(const registry::RawManifest& document, const std::string& tag);

  const LayoutName name_;
  std::once_flag made_;
};

}  // namespace cooper::transfer
