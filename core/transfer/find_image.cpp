#include "transfer/find_image.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "base/error.h"
#include "oci/manifest.h"
#include "oci/media_type.h"
#include "oci/reference.h"
#include "os/fd.h"

namespace cooper::transfer {

namespace {

constexpr std::size_t kFewestDigits = 4;
constexpr std::size_t kDocumentLimit = 8 << 20;

// The hexadecimal digits of what may be the beginning of a digest; "" for anything else.
std::string digits_of(std::string text) {
  constexpr std::string_view kScheme = "sha256:";
  if (text.starts_with(kScheme)) text.erase(0, kScheme.size());
  const bool is_hex = text.find_first_not_of("0123456789abcdef") == std::string::npos;
  return is_hex && text.size() >= kFewestDigits ? text : "";
}

// The config's digest, which docker calls the image's id; "" for an index.
std::string config_digits(const store::Store& store, const oci::Descriptor& target) {
  if (!oci::is_manifest(target.media_type)) return "";
  try {
    const std::string raw = os::read_file(store.blob_path(target.digest), kDocumentLimit);
    return oci::Manifest::parse(raw, target.media_type).config.digest.hex();
  } catch (const base::Error&) {
    return "";  // it is gone, or damaged: it has no other name than its own digest
  }
}

std::optional<store::NamedImage> find_by_digits(const store::Store& store,
                                                const std::vector<store::NamedImage>& images,
                                                const std::string& digits) {
  const store::NamedImage* found = nullptr;
  for (const store::NamedImage& image : images) {
    if (!image.target.digest.hex().starts_with(digits) &&
        !config_digits(store, image.target).starts_with(digits)) {
      continue;
    }
    if (found != nullptr && found->target.digest != image.target.digest) {
      throw base::Error(base::ErrorKind::kUsage,
                        fmt::format("'{}' begins the digests of several images", digits))
          .hint("give more digits: 'cooper images --no-trunc' shows all");
    }
    if (found == nullptr) found = &image;
  }
  return found == nullptr ? std::nullopt : std::optional(*found);
}

}  // namespace

std::optional<store::NamedImage> find_image(const store::Store& store, const std::string& text) {
  const std::string digits = digits_of(text);
  const std::vector<store::NamedImage> images = store::ImageNames(store).list();
  if (!text.starts_with("sha256:")) {
    const std::string name = canonical_name(text);
    auto found = std::find_if(images.begin(), images.end(), [&](const auto& i) { return i.name == name; });
    if (found != images.end()) return *found;
  }
  return digits.empty() ? std::nullopt : find_by_digits(store, images, digits);
}

store::NamedImage require_image(const store::Store& store, const std::string& text) {
  if (std::optional<store::NamedImage> image = find_image(store, text)) return std::move(*image);
  throw base::Error(base::ErrorKind::kUsage, fmt::format("no image '{}' in the store", text))
      .hint(fmt::format("see 'cooper images', or fetch it with 'cooper pull {}'", text));
}

std::string canonical_name(const std::string& text) {
  return oci::Reference::parse(text).str();
}

std::string familiar_name(const store::NamedImage& image) {
  if (image.name.empty()) return image.target.digest.short_hex();
  try {
    return oci::Reference::parse(image.name).familiar();
  } catch (const base::Error&) {
    return image.name;  // another tool's, which is no reference
  }
}

}  // namespace cooper::transfer
