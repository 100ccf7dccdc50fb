#include "access/auth_places.h"

#include "base/error.h"
#include "base/text.h"

namespace cooper::access {

namespace {

using Environment = std::map<std::string, std::string>;

std::string get(const Environment& environment, const std::string& name) {
  auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

AuthPlace nothing(std::string why) {
  return {"", "", std::move(why)};
}

// Text, or the path of a file, as GitLab has it for variables of the type "file".
AuthPlace of_variable(const Environment& environment) {
  const std::string value(base::trim(get(environment, "DOCKER_AUTH_CONFIG")));
  if (value.empty()) return nothing("DOCKER_AUTH_CONFIG is not set");
  if (value.front() == '/' || value.front() == '.') return {value, "", ""};
  return {"", value, "$DOCKER_AUTH_CONFIG"};
}

void add_docker(const Environment& environment, std::vector<AuthPlace>& places) {
  const std::string home = get(environment, "HOME");
  const std::string directory = get(environment, "DOCKER_CONFIG");
  if (!directory.empty()) {
    places.push_back({directory + "/config.json", "", ""});
  } else if (!home.empty()) {
    places.push_back({home + "/.docker/config.json", "", ""});
  } else {
    places.push_back(nothing("neither DOCKER_CONFIG nor HOME is set"));
  }
}

void add_podman(const Environment& environment, std::vector<AuthPlace>& places) {
  if (std::string file = get(environment, "REGISTRY_AUTH_FILE"); !file.empty()) {
    places.push_back({file, "", ""});
    return;
  }
  if (std::string runtime = get(environment, "XDG_RUNTIME_DIR"); !runtime.empty())
    places.push_back({runtime + "/containers/auth.json", "", ""});
  std::string config = get(environment, "XDG_CONFIG_HOME");
  if (std::string home = get(environment, "HOME"); config.empty() && !home.empty())
    config = home + "/.config";
  if (!config.empty()) places.push_back({config + "/containers/auth.json", "", ""});
}

}  // namespace

std::vector<AuthPlace> auth_places(const Environment& environment) {
  std::vector<AuthPlace> places = {of_variable(environment)};
  add_docker(environment, places);
  add_podman(environment, places);
  return places;
}

std::string docker_config_path(const Environment& environment) {
  std::vector<AuthPlace> places;
  add_docker(environment, places);
  if (!places.front().path.empty()) return places.front().path;
  throw base::Error(base::ErrorKind::kUsage, "nowhere to keep a login: " + places.front().source)
      .hint("set HOME or DOCKER_CONFIG, or give --authfile");
}

}  // namespace cooper::access
