// type=registry: one ordinary OCI manifest per document, under the tag c-<key> (records), s-<step> or
// m-<mount>, with its text as an annotation and its blobs as layers. A scope stands before the name:
// c-<scope>-<key>.
//
// One request finds a record, and nothing is ever rewritten that another job wrote, so parallel branches lose
// nothing. A layer's blob is the image's own: where the image is in the same registry it is mounted, not
// sent. OCI image-spec 1.1, manifest.md, "Guidelines for artifact usage".
#pragma once

#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "cache/backend.h"
#include "cache/blobs.h"
#include "oci/reference.h"
#include "registry/client.h"

namespace cooper::cache {

struct RegistryPlace {
  oci::Reference repository;  // its tag and digest do not matter
  std::string scope;          // "" for the shared one; at most 60 of [A-Za-z0-9_.-]
};

class RegistryBackend final : public Backend {
 public:
  RegistryBackend(std::shared_ptr<registry::Client> client, RegistryPlace place, BlobProvider blobs);

  std::string name() const override;
  std::optional<std::string> read(const DocumentName& name, const std::stop_token& stop) override;
  void write(const DocumentName& name, const Document& document, const std::stop_token& stop) override;
  std::vector<std::string> list(DocumentKind kind, const std::stop_token& stop) override;
  std::unique_ptr<base::ByteSource> open_blob(const oci::Descriptor& blob,
                                              const std::stop_token& stop) override;

  const oci::Reference& repository() const { return place_.repository; }

 private:
  std::string tag_prefix(DocumentKind kind) const;
  oci::Reference reference(const DocumentName& name) const;
  void push_layer(const oci::Descriptor& blob, const std::stop_token& stop);
  void push_config(const std::stop_token& stop);
  void push_once(const registry::PushBlob& blob, const std::stop_token& stop);

  std::shared_ptr<registry::Client> client_;
  RegistryPlace place_;
  BlobProvider blobs_;
  // Blobs that are there or on their way: each goes up once, however many documents name it.
  base::Guarded<std::map<base::Digest, std::shared_future<void>>> pushed_;
};

}  // namespace cooper::cache
