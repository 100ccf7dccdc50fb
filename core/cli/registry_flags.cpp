#include "cli/registry_flags.h"

#include "base/text.h"

namespace cooper::cli {

void add_registry_flags(Command command, RegistryFlags& flags) {
  auto add_list = [&](const char* name, std::vector<std::string>& values, const char* text) {
    command.add_option(name, values, text);
  };
  add_list("--registry-auth,--authfile", flags.auth,
           "who we are to registries: a config.json or auth.json, or\n"
           "host=HOST,username=NAME,password-env=VARIABLE|password-file=FILE");
  add_list("--registry-mirror", flags.mirrors,
           "[HOST=]MIRROR[/PREFIX]: pull from there first, what is HOST's (default: docker.io's)");
  add_list("--registry-map", flags.maps, "HOST[/PREFIX]=HOST[/PREFIX][;HOST=…]: the same for several");
  command.add_flag("--no-registry-fallback", flags.no_fallback, "fail when no mirror has it");
  add_list("--registry-ca", flags.authorities, "[HOST=]FILE: trust these authorities, too (PEM)");
  add_list("--registry-client-cert", flags.client_certificates, "HOST=CERT,KEY: show this to HOST (PEM)");
  add_list("--registry-insecure", flags.plain_hosts, "HOST: speak plain http");
  add_list("--registry-skip-tls-verify", flags.unverified_hosts, "HOST: take any certificate");
  command.add_option("--registry-config", flags.config,
                     "a registries.conf or buildkitd.toml, instead of those of the user and the system");
}

std::vector<std::string> auth_options(const RegistryFlags& flags, const Environment& environment) {
  std::vector<std::string> values = flags.auth;
  for (const std::string& line : base::split(environment.get("COOPER_REGISTRY_AUTH"), '\n')) {
    if (std::string_view value = base::trim(line); !value.empty()) values.emplace_back(value);
  }
  return values;
}

access::RouteOptions route_options(const RegistryFlags& flags, const Environment& environment) {
  access::RouteOptions options;
  options.environment = environment.variables();
  options.mirrors = flags.mirrors;
  options.maps = flags.maps;
  options.authorities = flags.authorities;
  options.client_certificates = flags.client_certificates;
  options.plain_hosts = flags.plain_hosts;
  options.unverified_hosts = flags.unverified_hosts;
  options.lax_hosts = flags.lax_hosts;
  options.others = flags.others;
  options.config = flags.config;
  options.no_fallback = flags.no_fallback;
  return options;
}

}  // namespace cooper::cli
