#include "support/docker_registry.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <unistd.h>

#include "support/jwt_token_server.h"

namespace cooper::testing {

namespace {

constexpr const char* kProgram = "/usr/bin/docker-registry";
// bcrypt of "secret", at the lowest cost.
constexpr const char* kUsers = "ci:$2b$04$aSfsu4rrAiaYRGu0Eg4HDewHKWa3qiYPLJThPAn4Evzae9BnHf49.\n";

std::string make_folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "cooper-registry-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error("cannot make a folder for docker-registry");
  return pattern;
}

void write_config(const std::string& folder, const DockerRegistry::Options& options) {
  std::ofstream config(folder + "/config.yml");
  config << "version: 0.1\n"
         << "storage:\n  filesystem:\n    rootdirectory: " << folder
         << "/data\n  delete:\n    enabled: true\n"
         << "http:\n  addr: 127.0.0.1:0\n  secret: test\n";
  if (!options.token_realm.empty()) {
    config << "auth:\n  token:\n    realm: " << options.token_realm << "\n    service: " << kTokenService
           << "\n    issuer: " << kTokenIssuer << "\n    rootcertbundle: " << folder << "/issuer.pem\n";
    std::ofstream(folder + "/issuer.pem") << options.token_certificate;
  }
  if (!options.password) return;
  config << "auth:\n  htpasswd:\n    realm: test\n    path: " << folder << "/users\n";
  std::ofstream(folder + "/users") << kUsers;
}

}  // namespace

std::string DockerRegistry::unavailable() {
  return ::access(kProgram, X_OK) == 0 ? ""
                                       : "docker-registry is not installed (apt-get install docker-registry)";
}

DockerRegistry::DockerRegistry(Options options) : folder_(make_folder()) {
  write_config(folder_, options);
  // With port 0 the kernel chooses a free one.
  server_ = std::make_unique<ChildServer>(
      std::vector<std::string>{kProgram, "serve", folder_ + "/config.yml"}, "listening on 127.0.0.1:");
}

DockerRegistry::~DockerRegistry() {
  server_.reset();
  std::error_code ignored;  // a test's leftovers are no failure
  std::filesystem::remove_all(folder_, ignored);
}

}  // namespace cooper::testing
