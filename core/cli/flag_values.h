// The values of flags as `docker buildx build` spells them, read one at a time and not yet acted upon.
//
// What a value means is decided here as buildx decides it, its oddities included; whether cooper can do it is
// decided by who uses it. Each throws Error{kUsage} naming the flag. An empty value is as good as none.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "build/request.h"
#include "image/annotations.h"

namespace cooper::cli {

// "KEY=VALUE".
std::pair<std::string, std::string> parse_key_value(const std::string& text, std::string_view flag);

// Go's strconv.ParseBool: "1", "t", "true", "TRUE", "True", and so on.
bool parse_bool(const std::string& text, std::string_view flag);
std::int64_t parse_number(const std::string& text, std::string_view flag);
// "64m", "1.5 GB": bytes, in binary units, as docker has them.
std::int64_t parse_bytes(const std::string& text, std::string_view flag);
// "24h", "1h30m", "90s", as Go has them, and "7d": nanoseconds.
std::int64_t parse_duration(const std::string& text, std::string_view flag);

// --output: one CSV record, or a single word that is a directory ("-": a tar on standard output).
std::optional<build::Output> parse_output(const std::string& text);

// --cache-from and --cache-to: one CSV record, or a single word that is an image's name.
std::optional<build::CachePlace> parse_cache_place(const std::string& text, std::string_view flag);

// --cache-mounts: "persist", "persist=ID,ID,…", and max-size=, max-age=, as one CSV record.
build::CacheMounts parse_cache_mounts(const std::string& text);

// --secret.
struct SecretFlag {
  std::string id;
  std::string file;
  std::string variable;
};
std::optional<SecretFlag> parse_secret(const std::string& text);

// --ssh: "ID", or "ID=PATH,…".
struct SshFlag {
  std::string id;
  std::vector<std::string> paths;
};
std::optional<SshFlag> parse_ssh(const std::string& text);

// --call: nullopt for a build.
struct CallFlag {
  std::string name;  // "lint" for a check, as buildx sends it
  std::string format;
  bool ignore_status = false;
};
std::optional<CallFlag> parse_call(const std::string& text);

// --build-context: the name as people write an image's, without ":latest".
std::pair<std::string, std::string> parse_build_context(const std::string& text);

// --annotation: one for each place that the value names.
std::vector<image::Annotation> parse_annotation(const std::string& text);

// --allow: security.insecure, network.host, device, device=NAME.
std::optional<std::string> parse_allow(const std::string& text);

}  // namespace cooper::cli
