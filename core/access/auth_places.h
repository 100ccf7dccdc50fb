// Where logins are kept by docker, podman and CI systems, as a pure function of the environment.
//
// docker/cli, "Configuration files"; containers-auth.json(5); GitLab, "Use statically-defined credentials".
#pragma once

#include <map>
#include <string>
#include <vector>

namespace cooper::access {

struct AuthPlace {
  std::string path;    // "" when there is none to look at
  std::string text;    // JSON, instead of a path
  std::string source;  // for people, or why it is not looked at
};

// In their order. DOCKER_CONFIG and REGISTRY_AUTH_FILE say where a file is instead of its usual place, as
// they do for docker and for podman: who sets them may want to be nobody.
std::vector<AuthPlace> auth_places(const std::map<std::string, std::string>& environment);

// Where `docker login` writes: $DOCKER_CONFIG/config.json, else ~/.docker/config.json. Throws Error{kUsage}
// when there is no home either.
std::string docker_config_path(const std::map<std::string, std::string>& environment);

}  // namespace cooper::access
