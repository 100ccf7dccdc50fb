// type=registry: one ordinary OCI manifest per key, under the tag c-<key>, with the record as an annotation
// and the layer as its only layer.
//
// One request finds a record, and nothing is ever rewritten that another job wrote, so parallel branches lose
// nothing. The layer's blob is the image's own: where the image is in the same registry it is mounted, not
// sent. OCI image-spec 1.1, manifest.md, "Guidelines for artifact usage".
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

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
  // `warn` hears of damaged records, one line each, from any thread.
  RegistryBackend(std::shared_ptr<registry::Client> client, RegistryPlace place, BlobProvider blobs,
                  std::function<void(const std::string&)> warn);

  std::string name() const override;
  // Throws Error{kRegistry|kAuth} when the registry does not answer.
  std::vector<std::optional<Record>> find(const std::vector<base::Digest>& keys,
                                          const std::stop_token& stop) override;
  std::unique_ptr<base::ByteSource> open_blob(const oci::Descriptor& blob,
                                              const std::stop_token& stop) override;
  void put(const Record& record, const std::stop_token& stop) override;

 private:
  oci::Reference reference(const base::Digest& key) const;
  std::optional<Record> find_one(const base::Digest& key, const std::stop_token& stop);
  void push_blob(const oci::Descriptor& blob, const std::stop_token& stop);
  void push_config(const std::stop_token& stop);

  std::shared_ptr<registry::Client> client_;
  RegistryPlace place_;
  BlobProvider blobs_;
  std::function<void(const std::string&)> warn_;
  std::once_flag config_pushed_;
};

}  // namespace cooper::cache
