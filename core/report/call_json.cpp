// The answers of --call as JSON: names and shapes of BuildKit's frontend requests, where a value that is
// empty is left out.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "report/call.h"
#include "report/utf8_tail.h"

namespace cooper::report {
namespace {

using Json = nlohmann::ordered_json;

void set(Json& json, const char* key, const std::string& value) {
  if (!value.empty()) json[key] = value;
}

// Line 0 is no place.
Json location_of(dockerfile::Lines lines) {
  if (lines.first <= 0) return Json::object();
  Json range = {{"start", {{"line", lines.first}}}, {"end", {{"line", std::max(lines.first, lines.last)}}}};
  return {{"ranges", Json::array({range})}};
}

Json error_json(const base::Error& error) {
  std::string message = error.summary();
  if (!error.hint().empty()) message += fmt::format(" ({})", error.hint());
  dockerfile::Lines lines;
  if (error.range()) lines = {error.range()->start_line, error.range()->end_line};
  return {{"message", message}, {"location", location_of(lines)}};
}

Json needs_json(const std::vector<dockerfile::OutlineSource>& needs) {
  Json list = Json::array();
  for (const dockerfile::OutlineSource& need : needs) {
    Json json = {{"name", need.name}};
    if (need.required) json["required"] = true;
    json["location"] = location_of(need.lines);
    list.push_back(std::move(json));
  }
  return list;
}

// What is no UTF-8 is replaced, as Go does it.
std::string text_of(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string check_json(const dockerfile::CheckResult& result, const CallSource& source) {
  Json json = {{"warnings", Json::array()}};
  for (const dockerfile::LintWarning& finding : result.warnings) {
    Json warning = {{"ruleName", finding.rule}};
    set(warning, "description", finding.description);
    set(warning, "url", finding.url);
    set(warning, "detail", finding.message);
    warning["location"] = location_of(finding.lines);
    json["warnings"].push_back(std::move(warning));
  }
  std::string name = source.filename.substr(source.filename.rfind('/') + 1);
  json["sources"] =
      Json::array({{{"filename", name}, {"data", to_base64(source.text)}, {"language", "Dockerfile"}}});
  if (result.error) json["buildError"] = error_json(*result.error);
  return text_of(json);
}

std::string outline_json(const dockerfile::Outline& outline, const CallSource& source) {
  Json json = Json::object();
  set(json, "name", outline.name);
  set(json, "description", outline.description);
  for (const dockerfile::OutlineArg& arg : outline.args) {
    Json item = {{"name", arg.name}};
    set(item, "description", arg.description);
    set(item, "value", arg.value);
    item["location"] = location_of(arg.lines);
    json["args"].push_back(std::move(item));
  }
  if (!outline.secrets.empty()) json["secrets"] = needs_json(outline.secrets);
  if (!outline.ssh.empty()) json["ssh"] = needs_json(outline.ssh);
  json["sources"] = Json::array({to_base64(source.text)});
  return text_of(json);
}

std::string targets_json(const std::vector<dockerfile::Target>& targets, const CallSource& source) {
  Json json = {{"targets", Json::array()}};
  for (const dockerfile::Target& target : targets) {
    Json item = Json::object();
    set(item, "name", target.name);
    if (target.is_default) item["default"] = true;
    set(item, "description", target.description);
    set(item, "base", target.base);
    set(item, "platform", target.platform);
    item["location"] = location_of(target.lines);
    json["targets"].push_back(std::move(item));
  }
  json["sources"] = Json::array({to_base64(source.text)});
  return text_of(json);
}

}  // namespace cooper::report
