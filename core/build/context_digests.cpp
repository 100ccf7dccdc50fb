#include "build/context_digests.h"

#include <filesystem>
#include <fmt/format.h>

#include "base/digest.h"
#include "base/error.h"
#include "os/beneath.h"

namespace cooper::build {

std::shared_ptr<context::DigestCache> ContextDigests::of(const std::string& directory) {
  std::error_code unknown;  // then by the name as it is written
  const std::filesystem::path canonical = std::filesystem::canonical(directory, unknown);
  const std::string name = base::sha256(unknown ? directory : canonical.string()).hex();
  const std::string place = store_->sources_path() + "/context/" + name;
  std::shared_ptr<context::DigestCache>& digests = by_place_[place];
  if (digests == nullptr) {
    digests = std::make_shared<context::DigestCache>();
    if (store_->use(place)) digests->load(place);
  }
  return digests;
}

void ContextDigests::save(const std::function<void(const std::string&)>& warn) const {
  for (const auto& [place, digests] : by_place_) {
    if (!digests->has_news()) continue;
    try {
      os::make_directories(store_->sources_path() + "/context");
      store_->write_file(place, digests->serialize());
    } catch (const base::Error& error) {
      warn(fmt::format("cannot remember the digests of context files: {}", error.summary()));
    }
  }
}

}  // namespace cooper::build
