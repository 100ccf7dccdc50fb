#include "registry/blob_places.h"

#include <algorithm>

namespace cooper::registry {

void BlobPlaces::note(const base::Digest& blob, const oci::Reference& repository) {
  Place place{repository.host, repository.repository};
  places_.with([&](auto& places) {
    std::vector<Place>& known = places[blob];
    if (std::find(known.begin(), known.end(), place) == known.end()) known.push_back(std::move(place));
  });
}

bool BlobPlaces::contains(const base::Digest& blob, const oci::Reference& repository) const {
  return places_.with([&](const auto& places) {
    const auto known = places.find(blob);
    const Place wanted{repository.host, repository.repository};
    return known != places.end() &&
           std::find(known->second.begin(), known->second.end(), wanted) != known->second.end();
  });
}

std::string BlobPlaces::mount_source(const base::Digest& blob, const oci::Reference& target) const {
  return places_.with([&](const auto& places) {
    const auto known = places.find(blob);
    if (known == places.end()) return std::string();
    for (const Place& place : known->second) {
      if (place.host == target.host && place.repository != target.repository) return place.repository;
    }
    return std::string();
  });
}

}  // namespace cooper::registry
