// The images that have names here: index.json of the store, which makes its blobs an image layout that other
// tools can read. OCI image-spec, image-layout.md.
//
// An entry's name is the whole reference ("docker.io/library/debian:12"), in both annotations that tools look
// for. An image whose name went to another one, or was taken away, stays as an entry without a name for as
// long as its manifest is there. Named images are roots: the garbage collector removes no blob of theirs.
// Several processes may change names at once: under a lock, and the file is replaced as a whole.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "oci/descriptor.h"
#include "store/store.h"

namespace cooper::store {

struct NamedImage {
  std::string name;  // "" for one that has none any more
  oci::Descriptor target;

  bool operator==(const NamedImage&) const = default;
};

class ImageNames {
 public:
  explicit ImageNames(const Store& store) : store_(store) {}  // borrows the store

  // By name, those without one last. Throws Error{kCorrupt} for an index.json that is none.
  std::vector<NamedImage> list() const;
  std::optional<oci::Descriptor> find(const std::string& name) const;
  // All blobs of the target must be here: they stay from now on. Takes the name from what had it before.
  void set(const std::string& name, const oci::Descriptor& target) const;
  // An entry without a name, unless there is one for the target.
  void keep_unnamed(const oci::Descriptor& target) const;
  // False when there is no such name. The image stays as one without a name.
  bool remove(const std::string& name) const;
  // Removes entries altogether; answers with those.
  std::vector<NamedImage> drop(const std::function<bool(const NamedImage&)>& is_unwanted) const;

 private:
  using Images = std::vector<NamedImage>;
  Images read() const;
  void change(const std::function<void(Images&)>& edit) const;

  const Store& store_;
};

}  // namespace cooper::store
