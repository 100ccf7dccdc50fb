#include "cli/usage_table.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/json_text.h"
#include "report/table.h"

namespace cooper::cli {

namespace {

enum Kind : std::size_t { kImages, kBlobs, kLayers, kMounts, kSources, kRecords, kWork };

bool is_named(const store::Item& item, const std::set<base::Digest>& named) {
  const std::optional<base::Digest> digest = base::Digest::from_hex(item.id);
  return digest && named.contains(*digest);
}

Kind kind_of(const store::Item& item, const std::set<base::Digest>& named) {
  switch (item.kind) {
    case store::ItemKind::kBlob:
      return is_named(item, named) ? kImages : kBlobs;
    case store::ItemKind::kLayer:
      return kLayers;
    case store::ItemKind::kMount:
      return kMounts;
    case store::ItemKind::kSource:
      return kSources;
    case store::ItemKind::kRecord:
    case store::ItemKind::kStepRecord:
      return kRecords;
  }
  return kWork;
}

}  // namespace

std::vector<UsageRow> sum_usage(const store::Usage& usage, const std::set<base::Digest>& named,
                                const std::vector<transfer::StoredImage>& images) {
  std::vector<UsageRow> rows = {{"images"},        {"layers, packed"},  {"layers, unpacked"},
                                {"cache mounts"},  {"fetched sources"}, {"cache records"},
                                {"work and other"}};
  for (const store::Item& item : usage.items) {
    UsageRow& row = rows[kind_of(item, named)];
    ++row.count;
    row.size += item.size;
  }
  rows[kImages].count = static_cast<std::size_t>(
      std::count_if(images.begin(), images.end(), [](const auto& image) { return !image.name.empty(); }));
  rows[kWork].size += usage.work + usage.rest;
  rows.push_back({"total", usage.items.size(), usage.total()});
  return rows;
}

std::string render_usage_table(const std::vector<UsageRow>& rows) {
  std::vector<std::vector<std::string>> cells = {{"WHAT", "COUNT", "SIZE"}};
  for (const UsageRow& row : rows)
    cells.push_back({row.what, row.count == 0 ? "-" : fmt::to_string(row.count), base::human_size(row.size)});
  return report::render_table(cells);
}

std::string render_usage_json(const std::vector<UsageRow>& rows) {
  Json json = Json::array();
  for (const UsageRow& row : rows)
    json.push_back({{"what", row.what}, {"count", row.count}, {"size", row.size}});
  return indented_json(json);
}

}  // namespace cooper::cli
