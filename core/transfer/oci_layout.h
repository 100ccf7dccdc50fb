// An OCI image layout on disk, as a place to take base images from. OCI image-spec, image-layout.md.
//
// Nothing outside the layout's directory is read. Documents are verified against their digest here, layers by
// whoever unpacks them.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "oci/descriptor.h"
#include "os/beneath.h"

namespace cooper::transfer {

// What names an image in index.json.
inline constexpr const char* kRefName = "org.opencontainers.image.ref.name";
inline constexpr std::string_view kOciLayoutScheme = "oci-layout://";

// What follows oci-layout://: "path", "path:tag", "path@digest".
struct LayoutName {
  std::string path;
  std::string tag;  // "" for none
  std::optional<base::Digest> digest;

  std::string str() const;  // with the scheme
  // Throws Error{kUsage} for an empty path and for what is no digest.
  static LayoutName parse(const std::string& text);
};

class OciLayout {
 public:
  // Throws Error{kContext} when the directory is not there.
  explicit OciLayout(LayoutName name);

  // The manifest or index that the name means. Without tag and digest: "latest", else the only one there is.
  // Several of one name are told apart by their platform. Throws Error{kContext} naming what there is.
  oci::Descriptor resolve(const oci::Platform& platform) const;
  // A manifest, index or config. Throws Error{kCorrupt} when it is not what its digest says.
  std::string read_document(const base::Digest& digest) const;
  std::unique_ptr<base::ByteSource> open_blob(const base::Digest& digest) const;

 private:
  os::Fd open(const std::string& path) const;
  LayoutName name_;
  os::Root root_;
};

}  // namespace cooper::transfer
