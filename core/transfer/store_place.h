// The local store as a place for images: read by name or by the beginning of a digest, written under a name.
//
// What is put here under a name is whole and stays (store/image_names.h); until then the caller's lease keeps
// its parts.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "store/image_names.h"
#include "store/store.h"
#include "transfer/image_place.h"

namespace cooper::transfer {

class StorePlace final : public ImagePlace {
 public:
  // `text` as find_image() takes it; for writing a name, or "" for an image without one.
  StorePlace(std::shared_ptr<store::Store> store, std::string text)
      : store_(std::move(store)), text_(std::move(text)) {}

  std::string shown() const override { return text_.empty() ? "the store" : text_; }
  std::optional<registry::RawManifest> find(const std::stop_token& stop) override;
  std::optional<registry::RawManifest> find(const base::Digest& document,
                                            const std::stop_token& stop) override;
  bool has(const base::Digest& document, const std::stop_token& stop) override;
  std::unique_ptr<base::ByteSource> open_blob(const oci::Descriptor& blob,
                                              const std::stop_token& stop) override;
  // None: the store keeps images only.
  std::vector<oci::Descriptor> list_referrers(const base::Digest& subject,
                                              const std::stop_token& stop) override;
  // Images of the store whose name is of the target's registry most likely came from there.
  std::string mount_source(const oci::Reference& target, const base::Digest& blob) override;
  registry::BlobPush put_blob(const oci::Descriptor& blob, ImagePlace& from,
                              const std::stop_token& stop) override;
  void put(const registry::RawManifest& document, Naming naming, const std::stop_token& stop) override;

 private:
  using Repositories = std::set<std::string>;
  std::map<base::Digest, Repositories> read_sources(const std::string& host) const;

  const std::shared_ptr<store::Store> store_;
  const std::string text_;
  std::mutex mutex_;
  std::map<std::string, std::map<base::Digest, Repositories>> sources_;  // by host
};

}  // namespace cooper::transfer
