#include "transfer/image_place.h"

#include <array>
#include <string_view>

#include "transfer/layout_place.h"
#include "transfer/registry_place.h"

namespace cooper::transfer {

std::unique_ptr<ImagePlace> open_place(const std::string& name, std::shared_ptr<registry::Client> client) {
  // The second is skopeo's.
  constexpr std::array<std::string_view, 2> kLayouts = {kOciLayoutScheme, "oci:"};
  for (std::string_view scheme : kLayouts) {
    if (name.starts_with(scheme)) {
      return std::make_unique<LayoutPlace>(LayoutName::parse(name.substr(scheme.size())));
    }
  }
  constexpr std::array<std::string_view, 2> kRegistries = {"docker://", "docker-image://"};
  std::string_view reference = name;
  for (std::string_view scheme : kRegistries) {
    if (reference.starts_with(scheme)) reference.remove_prefix(scheme.size());
  }
  return std::make_unique<RegistryPlace>(oci::Reference::parse(reference), std::move(client));
}

}  // namespace cooper::transfer
