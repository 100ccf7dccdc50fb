#include "report/result_file.h"

#include <nlohmann/json.hpp>

namespace cooper::report {
namespace {

using Json = nlohmann::ordered_json;
using Mask = std::function<std::string(const std::string&)>;

constexpr int kSchema = 1;

Json step_json(const LoggedStep& step, const Mask& mask) {
  Json json = {{"name", mask(step.name)}, {"status", name_of(step.end)}};
  if (step.end == LoggedStep::End::kCached) json["cache"] = step.cache;
  if (!step.explanation.empty()) json["explanation"] = mask(step.explanation);
  if (!step.error.empty()) json["error"] = mask(step.error);
  if (step.seconds >= 0) json["seconds"] = step.seconds;
  if (step.range.start_line > 0) json["line"] = step.range.start_line;
  return json;
}

}  // namespace

std::string render_result(const Result& result, const StepLog& log, const Mask& mask) {
  Json json = {{"schema", kSchema}, {"ok", result.failure == nullptr}, {"seconds", result.summary.seconds}};
  if (result.failure != nullptr) {
    json["error"] = mask(result.failure->summary());
    if (!result.failure->hint().empty()) json["hint"] = mask(result.failure->hint());
    json["exitStatus"] = result.failure->exit_status();
  }
  if (result.summary.image) {
    json["image"] = {{"digest", result.summary.image->str()}, {"layersSize", result.summary.image_size}};
    if (result.config) json["image"]["configDigest"] = result.config->str();
  }
  json["stepsRun"] = result.summary.steps_run;
  json["stepsCached"] = result.summary.steps_cached;
  json["steps"] = Json::array();
  for (const LoggedStep& step : log.steps()) {
    if (!step.name.empty()) json["steps"].push_back(step_json(step, mask));
  }
  json["written"] = Json::array();
  for (const std::string& line : result.written) json["written"].push_back(mask(line));
  json["warnings"] = Json::array();
  for (const std::string& line : log.warnings()) json["warnings"].push_back(mask(line));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace cooper::report
