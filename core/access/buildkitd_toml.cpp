#include "access/buildkitd_toml.h"

#include <fmt/format.h>

#include "access/certificates.h"

namespace cooper::access {

namespace {

const std::set<std::string> kHostKeys = {"mirrors", "http", "insecure", "ca", "keypair", "tlsconfigdir"};

void read_pairs(const TomlDocument& document, const TomlValue& table, HostSettings& settings) {
  const std::vector<const TomlValue*> pairs = document.tables(table, "keypair");
  if (pairs.empty()) return;
  if (pairs.size() > 1) {
    throw document.error(*pairs[1], "a second keypair cannot be used").hint("keep the one for this host");
  }
  settings.client_cert = document.text(*pairs.front(), "cert");
  settings.client_key = document.text(*pairs.front(), "key");
  if (settings.client_cert.empty() || settings.client_key.empty())
    throw document.error(*pairs.front(), "a keypair needs both cert and key");
}

void read_mirrors(const TomlDocument& document, const TomlValue& table, const std::string& prefix,
                  RouteSet& set) {
  const std::string source = fmt::format("{}:{}", document.path(), table.line);
  for (const std::string& text : document.texts(table, "mirrors")) {
    const Place place = parse_place(text, source);
    set.route(prefix, source).mirrors.push_back({place.name, Mirror::Pulls::kAll});
    if (place.plain_http) set.hosts[place.host].plain_http = true;
  }
}

void read_host(const TomlDocument& document, const std::string& name, const TomlValue& table, RouteSet& set,
               const Note& note) {
  document.tell_unknown(table, kHostKeys, note);
  const std::string host = parse_place(name, fmt::format("{}:{}", document.path(), table.line)).host;
  HostSettings& settings = set.hosts[host];  // another host's mirror may have said that it is plain
  settings.plain_http |= document.boolean(table, "http");
  settings.verify = !document.boolean(table, "insecure");
  settings.ca_files = document.texts(table, "ca");
  read_pairs(document, table, settings);
  for (const std::string& directory : document.texts(table, "tlsconfigdir"))
    add_certificates(directory, settings);
  read_mirrors(document, table, host, set);
}

}  // namespace

void add_buildkitd_toml(const TomlDocument& document, RouteSet& set, const Note& note) {
  const TomlValue* registries = document.root().find("registry");
  if (registries == nullptr) return;
  if (registries->kind != TomlValue::Kind::kTable)
    throw document.error(*registries, "'registry' must be tables, [registry.\"HOST\"]");
  for (const auto& [name, table] : registries->table) {
    if (table.kind != TomlValue::Kind::kTable)
      throw document.error(table, fmt::format("'registry.{}' must be a table", name));
    read_host(document, name, table, set, note);
  }
}

}  // namespace cooper::access
