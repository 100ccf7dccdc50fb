#include "access/route_files.h"

#include <algorithm>
#include <fmt/format.h>
#include <unistd.h>

#include "access/buildkitd_toml.h"
#include "access/daemon_json.h"
#include "access/registries_conf.h"
#include "base/error.h"
#include "os/fd.h"
#include "os/list_directory.h"

namespace cooper::access {

namespace {

constexpr std::size_t kLargest = 4 << 20;

bool is_readable(const std::string& path) {
  return ::access(path.c_str(), R_OK) == 0;
}

TomlDocument read_toml(const std::string& path) {
  return {path, os::read_file(path, kLargest)};
}

TomlDocument read_named(const std::string& path, const std::string& what) {
  if (is_readable(path)) return read_toml(path);
  throw base::Error(base::ErrorKind::kUsage, fmt::format("{}: cannot read '{}'", what, path))
      .with_errno(errno);
}

std::string in_home(const RouteFiles& files, const std::string& path) {
  return files.home.empty() ? std::string() : files.home + path;
}

// The user's file, else the system's; "" when there is neither.
std::string first_readable(const RouteFiles& files, const std::string& in_users_home,
                           const std::string& in_system) {
  for (const std::string& path : {in_home(files, in_users_home), files.system_root + in_system})
    if (!path.empty() && is_readable(path)) return path;
  return {};
}

std::vector<std::string> drop_ins(const std::string& directory) {
  if (!is_readable(directory)) return {};
  std::vector<std::string> names = os::list_directory(directory);
  std::sort(names.begin(), names.end());
  std::vector<std::string> paths;
  for (const std::string& name : names)
    if (name.ends_with(".conf")) paths.push_back(directory + "/" + name);
  return paths;
}

// The main file, then the system's drop-ins, then the user's: later tables replace earlier ones.
RouteSet registries_conf(const RouteFiles& files) {
  RouteSet set;
  if (!files.registries_conf.empty()) {
    const std::string what = "CONTAINERS_REGISTRIES_CONF";
    add_registries_conf(read_named(files.registries_conf, what), set, files.note);
    return set;
  }
  const std::string name = "/containers/registries.conf";
  std::vector<std::string> paths;
  if (const std::string main = first_readable(files, "/.config" + name, "/etc" + name); !main.empty())
    paths.push_back(main);
  for (const std::string& directory :
       {files.system_root + "/etc" + name + ".d", in_home(files, "/.config" + name + ".d")}) {
    if (directory.empty()) continue;
    for (const std::string& path : drop_ins(directory)) paths.push_back(path);
  }
  for (const std::string& path : paths) add_registries_conf(read_toml(path), set, files.note);
  return set;
}

RouteSet buildkitd_toml(const RouteFiles& files) {
  RouteSet set;
  const std::string name = "/buildkit/buildkitd.toml";
  const std::string path = first_readable(files, "/.config" + name, "/etc" + name);
  if (!path.empty()) add_buildkitd_toml(read_toml(path), set, files.note);
  return set;
}

RouteSet daemon_json(const RouteFiles& files) {
  RouteSet set;
  const std::string path = files.system_root + "/etc/docker/daemon.json";
  if (is_readable(path)) add_daemon_json(path, os::read_file(path, kLargest), set);
  return set;
}

// registries.conf has [[registry]], a list of tables; buildkitd.toml has [registry."HOST"], a table of
// tables.
RouteSet given_file(const RouteFiles& files) {
  RouteSet set;
  const TomlDocument document = read_named(files.config, "--registry-config");
  const TomlValue* registry = document.root().find("registry");
  if (registry != nullptr && registry->kind == TomlValue::Kind::kTable) {
    add_buildkitd_toml(document, set, files.note);
  } else {
    add_registries_conf(document, set, files.note);
  }
  return set;
}

}  // namespace

std::vector<RouteSet> read_route_files(const RouteFiles& files) {
  if (!files.config.empty()) return {given_file(files)};
  return {registries_conf(files), buildkitd_toml(files), daemon_json(files)};
}

std::vector<std::string> certificate_roots(const RouteFiles& files) {
  std::vector<std::string> roots;
  if (!files.home.empty()) {
    roots.push_back(files.home + "/.config/containers/certs.d");
    roots.push_back(files.home + "/.docker/certs.d");
  }
  for (const char* directory : {"/etc/containers/certs.d", "/etc/docker/certs.d", "/etc/buildkit/certs"})
    roots.push_back(files.system_root + directory);
  return roots;
}

}  // namespace cooper::access
