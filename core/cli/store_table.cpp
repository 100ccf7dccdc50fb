#include "cli/store_table.h"

#include <array>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.h"
#include "cli/json_text.h"
#include "report/table.h"

namespace cooper::cli {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

// Enough of it to tell it from others: what stands before the digits says what it is.
std::string short_id(const std::string& id) {
  constexpr std::size_t kDigits = 12;
  std::size_t start = id.find_last_of("-/");
  start = start == std::string::npos ? 0 : start + 1;
  return id.substr(0, start + kDigits);
}

}  // namespace

std::string human_age(std::int64_t then, std::int64_t now) {
  constexpr std::array<std::pair<std::int64_t, const char*>, 3> kUnits = {
      {{86400, "day"}, {3600, "hour"}, {60, "minute"}}};
  if (then == 0) return "";
  const std::int64_t seconds = (now - then) / kSecond;
  for (const auto& [unit, name] : kUnits) {
    const std::int64_t count = seconds / unit;
    if (count > 0) return fmt::format("{} {}{} ago", count, name, count == 1 ? "" : "s");
  }
  return "just now";
}

std::string render_store_table(const build::StoreListing& listing, std::int64_t now) {
  std::vector<std::vector<std::string>> rows = {{"KIND", "ID", "SIZE", "LAST USED", "WHAT"}};
  std::size_t count = 0;
  for (const build::StoreRow& row : listing.rows) {
    count += row.count;
    std::string what = row.count > 1 ? fmt::format("{} {}", row.count, row.what) : row.what;
    rows.push_back({row.kind, row.id.empty() ? "-" : short_id(row.id), base::human_size(row.size),
                    row.last_used == 0 ? "-" : human_age(row.last_used, now), std::move(what)});
  }
  return report::render_table(rows) +
         fmt::format("total: {} in {} items\n", base::human_size(listing.total), count);
}

std::string render_store_json(const build::StoreListing& listing) {
  Json items = Json::array();
  for (const build::StoreRow& row : listing.rows) {
    Json item{{"kind", row.kind}, {"id", row.id}, {"count", row.count}, {"size", row.size}};
    if (row.last_used != 0) item["last_used"] = row.last_used / kSecond;
    item["what"] = row.what;
    items.push_back(std::move(item));
  }
  Json json{{"items", std::move(items)}, {"total", listing.total}};
  return indented_json(json);
}

}  // namespace cooper::cli
