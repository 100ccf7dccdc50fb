#include "access/daemon_json.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace cooper::access {

namespace {

base::Error error_at(const std::string& path, int line, const std::string& message) {
  base::SourceRange range;
  range.file = path;
  range.start_line = line;
  return base::Error(base::ErrorKind::kUsage, message).at(range);
}

nlohmann::json parse(const std::string& path, const std::string& text) {
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& failure) {
    const std::size_t end = std::min(failure.byte, text.size());
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), '\n');
    throw error_at(path, static_cast<int>(line), "this is no valid json");
  }
}

std::vector<std::string> texts(const nlohmann::json& document, const char* key, const std::string& path) {
  std::vector<std::string> texts;
  const auto list = document.find(key);
  if (list == document.end() || list->is_null()) return texts;
  const bool valid = list->is_array() && std::all_of(list->begin(), list->end(),
                                                     [](const auto& item) { return item.is_string(); });
  if (!valid) throw error_at(path, 0, fmt::format("'{}' must be a list of strings", key));
  for (const nlohmann::json& item : *list) texts.push_back(item.get<std::string>());
  return texts;
}

}  // namespace

void add_daemon_json(const std::string& path, const std::string& text, RouteSet& set) {
  const nlohmann::json document = parse(path, text);
  if (!document.is_object()) throw error_at(path, 1, "this is no json object");
  for (const std::string& mirror : texts(document, "registry-mirrors", path)) {
    const Place place = parse_place(mirror, path + ": registry-mirrors");
    set.route("docker.io", path).mirrors.push_back({place.name, Mirror::Pulls::kAll});
    if (place.plain_http) set.hosts[place.host].plain_http = true;
  }
  for (const std::string& host : texts(document, "insecure-registries", path)) {
    if (const auto range = AddressRange::parse(host)) {
      set.insecure_ranges.push_back(*range);
    } else {
      set.hosts[parse_place(host, path + ": insecure-registries").host].insecure = true;
    }
  }
}

}  // namespace cooper::access
