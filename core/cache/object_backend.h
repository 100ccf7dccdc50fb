// type=s3, gcs, azblob: documents and blobs as objects.
//
//   blobs/sha256/<hex>                        compressed layers, written once, shared by all scopes
//   records/<hex>  steps/<hex>  mounts/<id>   documents; those of a scope below scopes/<scope>/
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "cache/backend.h"
#include "cache/blobs.h"
#include "cache/object_store.h"

namespace cooper::cache {

class ObjectBackend final : public Backend {
 public:
  // `scope`: "" for the shared one.
  ObjectBackend(std::shared_ptr<ObjectStore> store, std::string scope, BlobProvider blobs);

  std::string name() const override;
  std::optional<std::string> read(const DocumentName& name, const std::stop_token& stop) override;
  void write(const DocumentName& name, const Document& document, const std::stop_token& stop) override;
  std::vector<std::string> list(DocumentKind kind, const std::stop_token& stop) override;
  std::unique_ptr<base::ByteSource> open_blob(const oci::Descriptor& blob,
                                              const std::stop_token& stop) override;

 private:
  std::string folder(DocumentKind kind) const;
  void put_blob(const oci::Descriptor& blob, const std::stop_token& stop);

  std::shared_ptr<ObjectStore> store_;
  std::string scope_;
  BlobProvider blobs_;
  base::Guarded<std::set<base::Digest>> present_;  // blobs that are known to be there
};

}  // namespace cooper::cache
