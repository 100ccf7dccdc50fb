#include "cli/credentials.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "os/fd.h"
#include "os/process.h"

namespace cooper::cli {
namespace {

constexpr std::chrono::seconds kHelperTimeout{30};

// The protocol of docker-credential-helpers: the server on stdin, JSON on stdout; "credentials not found" is
// no failure.
std::optional<std::string> run_helper(const std::string& name, const std::string& server) {
  os::ProcessOptions options;
  options.argv = {"docker-credential-" + name, "get"};
  options.input = server;
  options.timeout = kHelperTimeout;
  os::ProcessResult result = os::run_process(options, {});
  if (result.exit_code == 0) return result.output;
  std::string said = result.output + result.errors;
  if (said.find("credentials not found") != std::string::npos) return std::nullopt;
  throw base::Error(base::ErrorKind::kAuth,
                    fmt::format("credential helper '{}' failed for '{}': {}", options.argv[0], server,
                                result.timed_out ? "timed out" : base::trim(said)));
}

}  // namespace

std::shared_ptr<registry::CredentialStore> open_credentials(const Environment& environment) {
  if (auto json = environment.find("DOCKER_AUTH_CONFIG"); json && !json->empty()) {
    return std::make_shared<registry::DockerConfigCredentials>(*json, "$DOCKER_AUTH_CONFIG", run_helper);
  }
  std::string directory = environment.get("DOCKER_CONFIG", environment.home() + "/.docker");
  std::string path = directory + "/config.json";
  if (::access(path.c_str(), R_OK) != 0) return std::make_shared<registry::AnonymousCredentials>();
  return std::make_shared<registry::DockerConfigCredentials>(os::read_file(path), path, run_helper);
}

}  // namespace cooper::cli
