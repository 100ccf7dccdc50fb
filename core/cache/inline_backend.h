// type=inline: records in an image's own config, for caches that need no place of their own.
//
// The field "dev.cooper.cache.v1" of the config lists, for layers that steps made: which layer, the step's
// keys, and how the blob was made. Nothing in it depends on when or how long a step ran, so the image's
// digest is the same whether the cache was used or not.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cache/backend.h"
#include "cache/record.h"
#include "oci/image_config.h"
#include "oci/reference.h"
#include "registry/client.h"

namespace cooper::cache {

// The records of one image, by the number of the layer (from 0, base first); nullopt for layers that no step
// of this build made. Adds them to `config`.
void add_inline_records(const std::vector<std::optional<Record>>& by_layer, oci::ImageConfig& config);

// Reads them. The image is fetched when it is first asked; one that does not exist, or has no records, is an
// empty cache.
class InlineBackend final : public Backend {
 public:
  InlineBackend(std::shared_ptr<registry::Client> client, oci::Reference image);

  std::string name() const override { return "image " + image_.familiar(); }
  std::optional<std::string> read(const DocumentName& name, const std::stop_token& stop) override;
  // Throws Error{kUnsupported}: add_inline_records() writes them.
  void write(const DocumentName& name, const Document& document, const std::stop_token& stop) override;
  std::vector<std::string> list(DocumentKind kind, const std::stop_token& stop) override;
  std::unique_ptr<base::ByteSource> open_blob(const oci::Descriptor& blob,
                                              const std::stop_token& stop) override;

 private:
  using Records = std::map<std::string, std::string>;  // key → document
  const Records& records(const std::stop_token& stop);
  void load(const oci::Reference& reference, Records& records, const std::stop_token& stop);

  std::shared_ptr<registry::Client> client_;
  oci::Reference image_;
  std::mutex loading_;
  std::optional<Records> records_;
};

}  // namespace cooper::cache
