// What `cooper images` prints.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "transfer/list_images.h"

namespace cooper::cli {

// Named as docker's flags are.
struct ImagesView {
  std::string name;  // only these; "" for all
  std::string format;
  std::vector<std::string> filters;
  bool all = false;
  bool digests = false;
  bool no_trunc = false;
  bool quiet = false;
};

// `now`: nanoseconds since the epoch. Throws Error{kUsage|kUnsupported} naming the flag.
std::string render_images(const std::vector<transfer::StoredImage>& images, const ImagesView& view,
                          std::int64_t now);

}  // namespace cooper::cli
