#include "cli/flag_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/csv.h"
#include "oci/reference.h"

namespace cooper::cli {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::int64_t kNanoseconds = 1'000'000'000;
constexpr double kLargest = 9e18;  // below the largest 64-bit number

Error usage(const std::string& message) {
  return {ErrorKind::kUsage, message};
}

image::AnnotationPlace annotation_place(const std::string& name, const std::string& text) {
  if (name == "manifest") return image::AnnotationPlace::kManifest;
  if (name == "manifest-descriptor") return image::AnnotationPlace::kManifestDescriptor;
  if (name == "index") return image::AnnotationPlace::kIndex;
  if (name == "index-descriptor") return image::AnnotationPlace::kIndexDescriptor;
  throw usage(fmt::format("--annotation '{}': unknown type '{}'", text, name))
      .hint("choose among manifest, manifest-descriptor, index, index-descriptor");
}

// "manifest[linux/amd64]" → place and platform. An index belongs to all platforms: buildx drops the one
// given.
image::Annotation annotation_target(const std::string& type, const std::string& text) {
  image::Annotation target;
  std::size_t bracket = type.find('[');
  target.place = annotation_place(type.substr(0, bracket), text);
  if (bracket == std::string::npos) return target;
  if (type.back() != ']') throw usage(fmt::format("--annotation '{}': '{}' has no closing ']'", text, type));
  oci::Platform platform = oci::parse_platform(type.substr(bracket + 1, type.size() - bracket - 2));
  bool has_platform = target.place == image::AnnotationPlace::kManifest ||
                      target.place == image::AnnotationPlace::kManifestDescriptor;
  if (has_platform) target.platform = platform;
  return target;
}

}  // namespace

std::pair<std::string, std::string> parse_key_value(const std::string& text, std::string_view flag) {
  std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw usage(fmt::format("{} '{}' is not KEY=VALUE", flag, text));
  return {text.substr(0, equals), text.substr(equals + 1)};
}

bool parse_bool(const std::string& text, std::string_view flag) {
  constexpr std::array<std::string_view, 6> kTrue = {"1", "t", "T", "TRUE", "true", "True"};
  constexpr std::array<std::string_view, 6> kFalse = {"0", "f", "F", "FALSE", "false", "False"};
  if (std::find(kTrue.begin(), kTrue.end(), text) != kTrue.end()) return true;
  if (std::find(kFalse.begin(), kFalse.end(), text) != kFalse.end()) return false;
  throw usage(fmt::format("{} takes true or false, not '{}'", flag, text));
}

std::int64_t parse_number(const std::string& text, std::string_view flag) {
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  throw usage(fmt::format("{} '{}' is not a whole number", flag, text));
}

std::int64_t parse_bytes(const std::string& text, std::string_view flag) {
  std::string lower = base::to_lower(text);
  if (lower.ends_with('b')) lower.pop_back();
  if (lower.ends_with('i')) lower.pop_back();
  std::int64_t unit = 1;
  std::size_t position = lower.empty() ? std::string::npos : std::string_view("kmgt").find(lower.back());
  if (position != std::string::npos) {
    unit = std::int64_t{1} << (10 * (position + 1));
    lower.pop_back();
  }
  std::string_view number = base::trim(lower, " ");
  double count = -1;
  auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), count, std::chars_format::fixed);
  const bool complete = error == std::errc() && end == number.data() + number.size();
  const double bytes = count * static_cast<double>(unit);
  if (complete && count >= 0 && bytes < kLargest) return static_cast<std::int64_t>(bytes);
  throw usage(fmt::format("{} '{}' is no possible size", flag, text)).hint("write 500m, 20GB");
}

std::int64_t parse_duration(const std::string& text, std::string_view flag) {
  if (auto duration = base::parse_duration(text)) return duration->count();
  throw usage(fmt::format("{} '{}' is no duration", flag, text)).hint("write 90m, 24h, 7d");
}

std::optional<build::Output> parse_output(const std::string& text) {
  if (text.empty()) return std::nullopt;
  build::Output output;
  std::vector<std::string> fields = csv_fields(text, "--output");
  if (fields.size() == 1 && fields[0] == text && !text.starts_with("type=")) {
    output.type = text == "-" ? "tar" : "local";
    output.attributes["dest"] = text;
    return output;
  }
  for (const CsvPair& pair : csv_pairs(text, "--output")) {
    if (!pair.has_value) throw usage(fmt::format("--output '{}': '{}' has no value", text, pair.key));
    std::string key(base::trim(pair.key));
    if (key == "type") {
      output.type = pair.value;
    } else if (key != "dest" || !pair.value.empty()) {
      output.attributes[key] = pair.value;
    }
  }
  if (output.type.empty()) throw usage(fmt::format("--output '{}' has no type", text));
  return output;
}

std::optional<build::CachePlace> parse_cache_place(const std::string& text, std::string_view flag) {
  if (text.empty()) return std::nullopt;
  build::CachePlace place;
  std::vector<std::string> fields = csv_fields(text, flag);
  if (fields.size() == 1 && fields[0].find('=') == std::string::npos) {
    place.type = "registry";
    place.attributes["ref"] = fields[0];
    return place;
  }
  for (const CsvPair& pair : csv_pairs(text, flag)) {
    if (!pair.has_value) throw usage(fmt::format("{} '{}': '{}' has no value", flag, text, pair.key));
    if (pair.key == "type") {
      place.type = pair.value;
    } else {
      place.attributes[pair.key] = pair.value;
    }
  }
  if (place.type.empty()) throw usage(fmt::format("{} '{}' has no type", flag, text));
  return place;
}

// What is no option behind "persist=ID" is a further id.
build::CacheMounts parse_cache_mounts(const std::string& text) {
  build::CacheMounts mounts;
  for (const std::string& field : csv_fields(text, "--cache-mounts")) {
    if (field == "persist") {
      mounts.persist = true;
    } else if (field.starts_with("persist=")) {
      mounts.persist = true;
      mounts.ids.insert(field.substr(8));
    } else if (field.starts_with("max-size=")) {
      mounts.max_size = static_cast<std::uint64_t>(parse_bytes(field.substr(9), "--cache-mounts max-size"));
    } else if (field.starts_with("max-age=")) {
      mounts.max_age = parse_duration(field.substr(8), "--cache-mounts max-age") / kNanoseconds;
    } else if (!mounts.ids.empty()) {
      mounts.ids.insert(field);
    } else if (!text.empty()) {
      throw usage(fmt::format("--cache-mounts '{}': unknown option '{}'", text, field))
          .hint("write persist or persist=ID,ID, and then max-size=2g, max-age=14d");
    }
  }
  if (mounts.persist || text.empty()) return mounts;
  throw usage(fmt::format("--cache-mounts '{}' does not say persist", text))
      .hint("write persist,max-size=2g");
}

std::optional<SecretFlag> parse_secret(const std::string& text) {
  if (text.empty()) return std::nullopt;
  SecretFlag secret;
  std::string type;
  for (const CsvPair& pair : csv_pairs(text, "--secret")) {
    bool is_type = pair.key == "type" && (pair.value == "file" || pair.value == "env");
    if (!pair.has_value) {
      throw usage(fmt::format("--secret: '{}' has no value", pair.key))
          .hint("write id=NAME,src=FILE or id=NAME,env=VARIABLE");
    }
    if (pair.key == "id") {
      secret.id = pair.value;
    } else if (pair.key == "src" || pair.key == "source") {
      secret.file = pair.value;
    } else if (pair.key == "env") {
      secret.variable = pair.value;
    } else if (is_type) {
      type = pair.value;
    } else {
      throw usage(fmt::format("--secret: unexpected '{}={}'", pair.key, pair.value))
          .hint("write id=NAME,src=FILE or id=NAME,env=VARIABLE");
    }
  }
  if (type == "env" && secret.variable.empty()) std::swap(secret.variable, secret.file);
  return secret;
}

std::optional<SshFlag> parse_ssh(const std::string& text) {
  if (text.empty()) return std::nullopt;
  std::size_t equals = text.find('=');
  SshFlag ssh{text.substr(0, equals), {}};
  if (equals != std::string::npos) ssh.paths = base::split(text.substr(equals + 1), ',');
  return ssh;
}

std::optional<CallFlag> parse_call(const std::string& text) {
  if (text.empty()) return std::nullopt;
  CallFlag call;
  for (const std::string& field : csv_fields(text, "--call")) {
    std::size_t equals = field.find('=');
    std::string key = field.substr(0, equals);
    if (equals == std::string::npos) {
      if (!call.name.empty()) throw usage(fmt::format("--call '{}' names two methods", text));
      call.name = field;
    } else if (key == "format") {
      call.format = field.substr(equals + 1);
    } else if (key == "ignorestatus") {
      call.ignore_status = parse_bool(field.substr(equals + 1), "--call ignorestatus");
    } else {
      throw usage(fmt::format("--call: unexpected '{}'", field))
          .hint("write METHOD,format=json,ignorestatus=true");
    }
  }
  if (call.name == "build") return std::nullopt;
  if (call.name == "check") call.name = "lint";
  return call;
}

std::pair<std::string, std::string> parse_build_context(const std::string& text) {
  auto [name, value] = parse_key_value(text, "--build-context");
  constexpr std::string_view kLatest = ":latest";
  std::string familiar = oci::Reference::parse(name).familiar();
  if (familiar.ends_with(kLatest)) familiar.resize(familiar.size() - kLatest.size());
  return {familiar, value};
}

std::vector<image::Annotation> parse_annotation(const std::string& text) {
  if (text.empty()) return {};
  std::size_t equals = text.find('=');
  if (equals == std::string::npos) throw usage(fmt::format("--annotation '{}' is not KEY=VALUE", text));
  std::string key = text.substr(0, equals);
  std::string value = text.substr(equals + 1);
  std::size_t colon = key.find(':');
  if (colon == std::string::npos) return {{image::AnnotationPlace::kManifest, std::nullopt, key, value}};
  std::vector<image::Annotation> annotations;
  for (const std::string& type : base::split(key.substr(0, colon), ',')) {
    image::Annotation annotation = annotation_target(type, text);
    annotation.key = key.substr(colon + 1);
    annotation.value = value;
    annotations.push_back(std::move(annotation));
  }
  return annotations;
}

std::optional<std::string> parse_allow(const std::string& text) {
  if (text.empty()) return std::nullopt;
  bool known = text == "security.insecure" || text == "network.host" || text == "device" ||
               text.starts_with("device=");
  if (known) return text;
  throw usage(fmt::format("--allow '{}' is no entitlement", text))
      .hint("choose among security.insecure, network.host");
}

}  // namespace cooper::cli
