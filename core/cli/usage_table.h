// What `cooper du` prints: the store's space by what it is for.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "store/usage.h"
#include "transfer/list_images.h"

namespace cooper::cli {

struct UsageRow {
  std::string what;
  std::size_t count = 0;
  std::uint64_t size = 0;  // bytes on the disk
};

// `named`: blobs of images that have names. The last row is the total.
std::vector<UsageRow> sum_usage(const store::Usage& usage, const std::set<base::Digest>& named,
                                const std::vector<transfer::StoredImage>& images);

std::string render_usage_table(const std::vector<UsageRow>& rows);
std::string render_usage_json(const std::vector<UsageRow>& rows);  // [{"what","count","size"}]

}  // namespace cooper::cli
