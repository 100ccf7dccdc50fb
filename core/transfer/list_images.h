// The images of the store, in words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/image_names.h"
#include "store/store.h"

namespace cooper::transfer {

struct StoredImage {
  std::string name;        // the whole reference; "" for none
  std::string repository;  // as people write it: "debian", "r.example/app"; "" for none
  std::string tag;         // "" for none
  oci::Descriptor target;
  std::vector<std::string> platforms;   // "linux/amd64"
  std::optional<std::int64_t> created;  // seconds since the epoch, of the first platform
  std::uint64_t size = 0;               // bytes: documents, configs, layers as they are kept
  bool is_whole = true;                 // all its blobs are here
};

// By name, those without one last. Images that cannot be read are listed with what is known of them.
std::vector<StoredImage> list_images(const store::Store& store);

}  // namespace cooper::transfer
