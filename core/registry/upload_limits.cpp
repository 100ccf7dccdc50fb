#include "registry/upload_limits.h"

#include <algorithm>

namespace cooper::registry {

std::optional<std::uint64_t> UploadLimits::chunk(const std::string& host) {
  return chunks_.with([&](const std::map<std::string, std::uint64_t>& chunks) {
    auto found = chunks.find(host);
    return found == chunks.end() ? std::nullopt : std::optional(found->second);
  });
}

bool UploadLimits::refused(const std::string& host, std::optional<std::uint64_t> size) {
  std::uint64_t smaller = kLargestChunk;
  while (size && smaller >= *size && smaller >= kSmallestChunk) smaller /= 2;
  if (smaller < kSmallestChunk) return false;
  chunks_.with([&](std::map<std::string, std::uint64_t>& chunks) {
    // Another upload may have learnt of a lower limit meanwhile.
    auto [known, fresh] = chunks.try_emplace(host, smaller);
    if (!fresh) known->second = std::min(known->second, smaller);
  });
  return true;
}

}  // namespace cooper::registry
