#include "access/open_routes.h"

#include <fmt/format.h>
#include <unistd.h>

#include "access/route_files.h"
#include "access/route_flags.h"
#include "access/route_table.h"
#include "base/error.h"
#include "base/text.h"

namespace cooper::access {

namespace {

std::string variable(const RouteOptions& options, const std::string& name) {
  const auto found = options.environment.find(name);
  return found == options.environment.end() ? std::string() : found->second;
}

using Add = void (*)(const std::string& value, const std::string& what, RouteSet& set);

// A flag's values, or its variable's when the flag was not given.
struct Setting {
  const std::vector<std::string>& values;
  const char* flag;
  const char* variable;
  char separator;
  Add add;
};

void add_setting(const Setting& setting, const RouteOptions& options, RouteSet& set) {
  for (const std::string& value : setting.values) setting.add(value, setting.flag, set);
  if (!setting.values.empty()) return;
  for (const std::string& value : base::split(variable(options, setting.variable), setting.separator)) {
    const std::string text(base::trim(value));
    if (!text.empty()) setting.add(text, setting.variable, set);
  }
}

RouteSet flag_set(const RouteOptions& options) {
  const Setting settings[] = {
      {options.mirrors, "--registry-mirror", "COOPER_REGISTRY_MIRROR", ',', add_mirror},
      {options.maps, "--registry-map", "COOPER_REGISTRY_MAP", ';', add_map},
      {options.authorities, "--registry-ca", "COOPER_REGISTRY_CA", ',', add_authority},
      {options.client_certificates, "--registry-client-cert", "COOPER_REGISTRY_CLIENT_CERT", ';',
       add_client_certificate},
      {options.plain_hosts, "--registry-insecure", "COOPER_REGISTRY_INSECURE", ',', add_plain_host},
      {options.unverified_hosts, "--registry-skip-tls-verify", "COOPER_REGISTRY_SKIP_TLS_VERIFY", ',',
       add_unverified_host},
  };
  RouteSet set;
  for (const Setting& setting : settings) add_setting(setting, options, set);
  for (const std::string& host : options.lax_hosts) add_lax_host(host, "--insecure-registry", set);
  return set;
}

bool wants_fallback(const RouteOptions& options) {
  if (options.no_fallback) return false;
  const char* const name = "COOPER_NO_REGISTRY_FALLBACK";
  const std::string text = base::to_lower(variable(options, name));
  if (text.empty() || text == "0" || text == "false") return true;
  if (text == "1" || text == "true") return false;
  throw base::Error(base::ErrorKind::kUsage, fmt::format("{}: '{}' is neither true nor false", name, text))
      .hint("use 1 or 0");
}

}  // namespace

std::shared_ptr<const registry::Routes> open_routes(const RouteOptions& options) {
  RouteFiles files;
  files.system_root = options.system_root;
  files.home = variable(options, "HOME");
  files.config = options.config.empty() ? variable(options, "COOPER_REGISTRY_CONFIG") : options.config;
  files.registries_conf = variable(options, "CONTAINERS_REGISTRIES_CONF");
  files.note = options.on_note;
  RouteTableOptions table;
  table.sets = read_route_files(files);
  table.sets.insert(table.sets.begin(), flag_set(options));
  table.certificate_roots = certificate_roots(files);
  table.others = options.others;
  table.fallback = wants_fallback(options);
  return std::make_shared<RouteTable>(std::move(table));
}

}  // namespace cooper::access
