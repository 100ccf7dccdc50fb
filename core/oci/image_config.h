// The image config: what a container made from the image runs, and how the image came to be.
//
// OCI image-spec config.md, plus Docker's extensions that BuildKit writes (Healthcheck, OnBuild, Shell,
// ArgsEscaped). serialize() writes byte for byte what BuildKit writes: the outer object's keys sorted, the
// inner objects in the order of its Go structs, omitempty, HTML escaping, `"diff_ids":null` for no layers.
// Fields of the image and of its config that are not modelled survive a parse/serialize round trip: in their
// sorted place in the former, at the end of the latter.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "oci/platform.h"

namespace cooper::oci {

struct Healthcheck {
  std::vector<std::string> test;  // {"NONE"}, {"CMD", args…} or {"CMD-SHELL", command}
  // Nanoseconds; 0 means inherit.
  std::int64_t interval = 0;
  std::int64_t timeout = 0;
  std::int64_t start_period = 0;
  std::int64_t start_interval = 0;
  int retries = 0;

  bool operator==(const Healthcheck&) const = default;
};

struct History {
  std::string created;  // RFC 3339, "" when unknown
  std::string created_by;
  std::string author;
  std::string comment;
  bool empty_layer = false;

  bool operator==(const History&) const = default;
};

// config.config: what runs.
struct ContainerConfig {
  std::string user;
  std::vector<std::string> exposed_ports;  // sorted, "80/tcp"
  std::vector<std::string> env;            // "K=V", in order
  std::optional<std::vector<std::string>> entrypoint;
  std::optional<std::vector<std::string>> cmd;
  std::vector<std::string> volumes;  // sorted
  std::string working_dir;
  std::map<std::string, std::string> labels;
  std::string stop_signal;
  bool args_escaped = false;
  std::optional<Healthcheck> healthcheck;
  std::vector<std::string> on_build;
  std::optional<std::vector<std::string>> shell;
  std::map<std::string, std::string> unknown;  // field name → raw JSON

  bool operator==(const ContainerConfig&) const = default;
};

struct ImageConfig {
  std::string created;  // RFC 3339, "" when unknown
  std::string author;
  Platform platform;
  ContainerConfig config;
  std::vector<base::Digest> diff_ids;  // rootfs, base first
  std::vector<History> history;
  std::map<std::string, std::string> unknown;

  // Throws Error{kCorrupt}.
  static ImageConfig parse(std::string_view raw);
  std::string serialize() const;
};

// "2026-11-23T10:00:00Z" from seconds since the epoch.
std::string rfc3339(std::int64_t seconds);
// The seconds of "2006-01-02T15:04:05[.999]Z" or "…+01:00"; nullopt for anything else.
std::optional<std::int64_t> parse_rfc3339(const std::string& text);

// Environment lists of "K=V".
const std::string* find_env(const std::vector<std::string>& env, std::string_view name);  // → the whole "K=V"
void set_env(std::vector<std::string>& env, std::string_view name, std::string_view value);

}  // namespace cooper::oci
