#include "oci/image_config.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "oci/go_json.h"
#include "oci/json_fields.h"

namespace cooper::oci {

namespace {

constexpr std::array<std::string_view, 10> kImageFields = {
    "architecture", "author",      "config",     "created", "history",
    "os",           "os.features", "os.version", "rootfs",  "variant"};
constexpr std::array<std::string_view, 13> kContainerFields = {
    "User",   "ExposedPorts", "Env",         "Entrypoint",  "Cmd",     "Volumes", "WorkingDir",
    "Labels", "StopSignal",   "ArgsEscaped", "Healthcheck", "OnBuild", "Shell"};

template <typename Known>
std::map<std::string, std::string> unknown_fields(const Json& object, const Known& known) {
  std::map<std::string, std::string> unknown;
  for (const auto& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) unknown[key] = go_json(value);
  }
  return unknown;
}

std::optional<std::vector<std::string>> optional_strings(const Json& object, std::string_view name) {
  if (find_array(object, name) == nullptr) return std::nullopt;
  return strings_field(object, name);
}

// Go's map[string]struct{}: {"80/tcp":{}}.
std::vector<std::string> set_field(const Json& object, std::string_view name) {
  std::vector<std::string> keys;
  const Json* field = find_object(object, name);
  if (field == nullptr) return keys;
  for (const auto& [key, value] : field->items()) {
    if (!value.is_object() && !value.is_null()) {
      throw base::Error(base::ErrorKind::kCorrupt,
                        fmt::format("field '{}' is not an object of objects", name));
    }
    keys.push_back(key);
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

Healthcheck read_healthcheck(const Json& object) {
  Healthcheck check;
  check.test = strings_field(object, "Test");
  check.interval = integer_field(object, "Interval");
  check.timeout = integer_field(object, "Timeout");
  check.start_period = integer_field(object, "StartPeriod");
  check.start_interval = integer_field(object, "StartInterval");
  check.retries =
      static_cast<int>(std::clamp<std::int64_t>(integer_field(object, "Retries"), INT32_MIN, INT32_MAX));
  return check;
}

ContainerConfig read_container(const Json& object) {
  ContainerConfig config;
  config.user = string_field(object, "User");
  config.exposed_ports = set_field(object, "ExposedPorts");
  config.env = strings_field(object, "Env");
  config.entrypoint = optional_strings(object, "Entrypoint");
  config.cmd = optional_strings(object, "Cmd");
  config.volumes = set_field(object, "Volumes");
  config.working_dir = string_field(object, "WorkingDir");
  config.labels = string_map_field(object, "Labels");
  config.stop_signal = string_field(object, "StopSignal");
  config.args_escaped = bool_field(object, "ArgsEscaped");
  if (const Json* check = find_object(object, "Healthcheck")) config.healthcheck = read_healthcheck(*check);
  config.on_build = strings_field(object, "OnBuild");
  config.shell = optional_strings(object, "Shell");
  config.unknown = unknown_fields(object, kContainerFields);
  return config;
}

std::vector<History> read_history(const Json& document) {
  std::vector<History> history;
  const Json* array = find_array(document, "history");
  if (array == nullptr) return history;
  history.reserve(array->size());
  for (const Json& element : *array) {
    if (!element.is_object())
      throw base::Error(base::ErrorKind::kCorrupt, "a 'history' entry is not an object");
    History entry;
    entry.created = string_field(element, "created");
    entry.created_by = string_field(element, "created_by");
    entry.author = string_field(element, "author");
    entry.comment = string_field(element, "comment");
    entry.empty_layer = bool_field(element, "empty_layer");
    history.push_back(std::move(entry));
  }
  return history;
}

std::vector<base::Digest> read_diff_ids(const Json& document) {
  const Json* rootfs = find_object(document, "rootfs");
  if (rootfs == nullptr) throw base::Error(base::ErrorKind::kCorrupt, "image config has no 'rootfs'");
  if (string_field(*rootfs, "type") != "layers") {
    throw base::Error(base::ErrorKind::kCorrupt, "image config's rootfs is not of type 'layers'");
  }
  std::vector<base::Digest> diff_ids;
  for (const std::string& text : strings_field(*rootfs, "diff_ids")) {
    diff_ids.push_back(base::Digest::parse_or_throw(text));
  }
  return diff_ids;
}

// What is written and read back as it is; it came through unknown_fields(), or from a caller that knows its
// JSON.
Json raw_json(const std::string& name, const std::string& raw) {
  try {
    return Json::parse(raw);
  } catch (const nlohmann::json::exception& error) {
    throw base::Error(base::ErrorKind::kInternal,
                      fmt::format("field '{}' is not valid JSON: {}", name, error.what()));
  }
}

Json set_json(std::vector<std::string> keys) {
  std::sort(keys.begin(), keys.end());
  Json object = Json::object();
  for (const std::string& key : keys) object[key] = Json::object();
  return object;
}

Json healthcheck_json(const Healthcheck& check) {
  Json object = Json::object();
  if (!check.test.empty()) object["Test"] = check.test;
  if (check.interval != 0) object["Interval"] = check.interval;
  if (check.timeout != 0) object["Timeout"] = check.timeout;
  if (check.start_period != 0) object["StartPeriod"] = check.start_period;
  if (check.start_interval != 0) object["StartInterval"] = check.start_interval;
  if (check.retries != 0) object["Retries"] = check.retries;
  return object;
}

void put_strings(Json& object, const char* name, const std::optional<std::vector<std::string>>& values) {
  if (values && !values->empty()) object[name] = *values;
}

void put_string(Json& object, const char* name, const std::string& value) {
  if (!value.empty()) object[name] = value;
}

// Field order of DockerOCIImageConfig: image-spec's ImageConfig, then Docker's extension.
Json container_json(const ContainerConfig& config) {
  Json object = Json::object();
  put_string(object, "User", config.user);
  if (!config.exposed_ports.empty()) object["ExposedPorts"] = set_json(config.exposed_ports);
  put_strings(object, "Env", config.env);
  put_strings(object, "Entrypoint", config.entrypoint);
  put_strings(object, "Cmd", config.cmd);
  if (!config.volumes.empty()) object["Volumes"] = set_json(config.volumes);
  put_string(object, "WorkingDir", config.working_dir);
  if (!config.labels.empty()) object["Labels"] = string_map_json(config.labels);
  put_string(object, "StopSignal", config.stop_signal);
  if (config.args_escaped) object["ArgsEscaped"] = true;
  if (config.healthcheck) object["Healthcheck"] = healthcheck_json(*config.healthcheck);
  put_strings(object, "OnBuild", config.on_build);
  put_strings(object, "Shell", config.shell);
  for (const auto& [name, raw] : config.unknown) object[name] = raw_json(name, raw);
  return object;
}

Json history_json(const std::vector<History>& history) {
  Json array = Json::array();
  for (const History& entry : history) {
    Json object = Json::object();
    put_string(object, "created", entry.created);
    put_string(object, "created_by", entry.created_by);
    put_string(object, "author", entry.author);
    put_string(object, "comment", entry.comment);
    if (entry.empty_layer) object["empty_layer"] = true;
    array.push_back(std::move(object));
  }
  return array;
}

Json rootfs_json(const std::vector<base::Digest>& diff_ids) {
  Json rootfs = Json::object();
  rootfs["type"] = "layers";
  Json& ids = rootfs["diff_ids"];  // null for none, as a nil slice is in Go
  for (const base::Digest& id : diff_ids) ids.push_back(id.str());
  return rootfs;
}

}  // namespace

ImageConfig ImageConfig::parse(std::string_view raw) {
  Json document = parse_object(raw, "image config");
  ImageConfig image;
  image.created = string_field(document, "created");
  image.author = string_field(document, "author");
  image.platform = read_platform(document);
  if (const Json* config = find_object(document, "config")) image.config = read_container(*config);
  image.diff_ids = read_diff_ids(document);
  image.history = read_history(document);
  image.unknown = unknown_fields(document, kImageFields);
  return image;
}

// BuildKit's exporter merges rootfs, history and created into the frontend's config through a Go map, whose
// keys encoding/json sorts: so the outer object is in byte order, and only the inner ones are in struct
// order.
std::string ImageConfig::serialize() const {
  std::map<std::string, Json> fields;
  for (const auto& [name, value] : unknown) fields[name] = raw_json(name, value);
  fields["architecture"] = platform.architecture;
  fields["os"] = platform.os;
  if (!platform.os_version.empty()) fields["os.version"] = platform.os_version;
  if (!platform.os_features.empty()) fields["os.features"] = platform.os_features;
  if (!platform.variant.empty()) fields["variant"] = platform.variant;
  if (!created.empty()) fields["created"] = created;
  if (!author.empty()) fields["author"] = author;
  fields["config"] = container_json(config);
  fields["rootfs"] = rootfs_json(diff_ids);
  if (!history.empty()) fields["history"] = history_json(history);
  Json document = Json::object();
  for (auto& [name, value] : fields) document[name] = std::move(value);
  return go_json(document);
}

std::string rfc3339(std::int64_t seconds) {
  std::time_t time = seconds;
  std::tm utc{};
  if (gmtime_r(&time, &utc) == nullptr) {
    throw base::Error(base::ErrorKind::kUsage, fmt::format("time {} is out of range", seconds));
  }
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec);
}

std::optional<std::int64_t> parse_rfc3339(const std::string& text) {
  std::tm time{};
  const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &time);
  if (rest == nullptr) return std::nullopt;
  if (*rest == '.') {
    for (++rest; *rest >= '0' && *rest <= '9';) ++rest;
  }
  const std::int64_t seconds = ::timegm(&time);
  if (std::string_view(rest) == "Z") return seconds;
  int hours = 0;
  int minutes = 0;
  char end = 0;
  if ((*rest != '+' && *rest != '-') || std::sscanf(rest + 1, "%2d:%2d%c", &hours, &minutes, &end) != 2)
    return std::nullopt;
  const std::int64_t offset = hours * 3600LL + minutes * 60LL;
  return *rest == '+' ? seconds - offset : seconds + offset;
}

const std::string* find_env(const std::vector<std::string>& env, std::string_view name) {
  for (const std::string& entry : env) {
    if (entry.size() > name.size() && entry[name.size()] == '=' && entry.compare(0, name.size(), name) == 0) {
      return &entry;
    }
  }
  return nullptr;
}

void set_env(std::vector<std::string>& env, std::string_view name, std::string_view value) {
  std::string entry = fmt::format("{}={}", name, value);
  for (std::string& existing : env) {
    if (existing.size() > name.size() && existing[name.size()] == '=' &&
        existing.compare(0, name.size(), name) == 0) {
      existing = std::move(entry);
      return;
    }
  }
  env.push_back(std::move(entry));
}

}  // namespace cooper::oci
