// The size of request body that each host takes, learnt from its refusals.
//
// A registry behind a proxy with a body limit (nginx: client_max_body_size, 1 MiB unless configured) answers
// 413 to larger ones; blobs then go up in chunks. Private to registry.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/guarded.h"

namespace cooper::registry {

class UploadLimits {
 public:
  static constexpr std::uint64_t kLargestChunk = 32 << 20;
  static constexpr std::uint64_t kSmallestChunk = 512 << 10;

  // Bytes that one request may have; nullopt while the host refused nothing.
  std::optional<std::uint64_t> chunk(const std::string& host);
  // The host answered 413 to a body of `size` bytes, nullopt for one whose length was not announced. Returns
  // false when there is no smaller chunk to try.
  bool refused(const std::string& host, std::optional<std::uint64_t> size);

 private:
  base::Guarded<std::map<std::string, std::uint64_t>> chunks_;  // by host
};

}  // namespace cooper::registry
