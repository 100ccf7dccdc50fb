#include "cli/kaniko_values.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/flag_values.h"

namespace cooper::cli {

namespace {

using base::Error;
using base::ErrorKind;

constexpr int kMostRetries = 1000;

void require_one_of(const std::string& value, const std::vector<std::string>& choices) {
  if (std::find(choices.begin(), choices.end(), value) != choices.end()) return;
  throw Error(ErrorKind::kUsage, fmt::format("'{}' is none of its values", value))
      .hint("choose among " + base::join(choices, ", "));
}

int read_number(const std::string& value) {
  const std::int64_t number = parse_number(value, "the value");
  if (number >= -1 && number <= kMostRetries) return static_cast<int>(number);
  throw Error(ErrorKind::kUsage, fmt::format("'{}' is out of range", value)).hint("give a smaller number");
}

// Kaniko's own separator is ';', people write ',' as well.
std::vector<std::string> split_list(const std::string& text, std::string_view separators) {
  std::vector<std::string> items = {text};
  for (const char separator : separators) {
    std::vector<std::string> finer;
    for (const std::string& item : items) {
      for (const std::string& part : base::split(item, separator)) {
        if (!base::trim(part).empty()) finer.emplace_back(base::trim(part));
      }
    }
    items = std::move(finer);
  }
  return items;
}

void set_git_option(const std::string& name, const std::string& value, KanikoGit& git) {
  if (name == "branch") {
    git.branch = value;
  } else if (name == "recurse-submodules") {
    git.recurse_submodules = parse_bool(value, name);
  } else if (name == "insecure-skip-tls") {
    git.skip_tls_verify = parse_bool(value, name);
  } else if (name == "single-branch") {
    parse_bool(value, name);
  } else if (name == "depth") {
    read_count(value);
  } else {
    throw Error(ErrorKind::kUsage, fmt::format("unknown option '{}'", name))
        .hint("choose among branch, single-branch, recurse-submodules, insecure-skip-tls, depth");
  }
}

}  // namespace

int read_count(const std::string& value) {
  const int number = read_number(value);
  if (number >= 0) return number;
  throw Error(ErrorKind::kUsage, fmt::format("'{}' is less than nothing", value)).hint("give 0 or more");
}

void apply_git_option(const std::string& value, KanikoSettings& settings) {
  for (const std::string& option : split_list(value, ",")) {
    const auto [name, text] = parse_key_value(option, "option");
    set_git_option(name, text, settings.git);
  }
}

void apply_target(const std::string& value, KanikoSettings& settings) {
  for (std::string& name : split_list(value, ",")) settings.targets.push_back(std::move(name));
}

void apply_compression(const std::string& value, KanikoSettings& settings) {
  require_one_of(value, {"gzip", "zstd"});
  settings.compression = value;
}

void apply_compression_level(const std::string& value, KanikoSettings& settings) {
  const int level = read_number(value);
  settings.compression_level = level < 0 ? std::nullopt : std::optional(level);
}

void apply_image_format(const std::string& value, KanikoSettings& settings) {
  require_one_of(value, {"docker", "oci"});
  settings.image_format = value;
}

void apply_cache_ttl(const std::string& value, KanikoSettings& settings) {
  parse_duration(value, "the value");
  settings.cache_ttl = value;
}

void apply_mirror(const std::string& value, KanikoSettings& settings) {
  for (std::string& mirror : split_list(value, ",;")) settings.mirrors.push_back(std::move(mirror));
}

void apply_map(const std::string& value, KanikoSettings& settings) {
  // Empty where a pipeline passes on a variable that its runner did not set.
  if (!base::trim(value).empty()) settings.maps.push_back(value);
}

void apply_credential_helper(const std::string& value, KanikoSettings& settings) {
  if (!settings.credential_helpers) settings.credential_helpers.emplace();
  for (const std::string& name : split_list(value, ",")) {
    require_one_of(name, {"default", "env", "google", "ecr", "acr", "gitlab"});
    settings.credential_helpers->push_back(name);
  }
}

void apply_verbosity(const std::string& value, KanikoSettings& settings) {
  require_one_of(value, {"trace", "debug", "info", "warn", "warning", "error", "fatal", "panic"});
  settings.verbosity = value;
}

void apply_log_format(const std::string& value, KanikoSettings& settings) {
  require_one_of(value, {"text", "color", "json"});
  settings.log_format = value;
}

void check_snapshot_mode(const std::string& value, KanikoSettings&) {
  require_one_of(value, {"full", "redo", "time"});
}

}  // namespace cooper::cli
