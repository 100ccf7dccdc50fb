#include "access/open_credentials.h"

#include <fmt/format.h>
#include <unistd.h>

#include "access/credential_chain.h"
#include "access/docker_config.h"
#include "base/error.h"
#include "base/text.h"
#include "os/fd.h"
#include "os/process.h"

namespace cooper::access {

namespace {

constexpr std::chrono::seconds kHelperTimeout{30};

// The protocol of docker-credential-helpers: the server on stdin, JSON on stdout; "credentials not found" is
// no failure.
std::optional<std::string> run_helper(const std::string& name, const std::string& server,
                                      const std::stop_token& stop) {
  os::ProcessOptions options;
  options.argv = {"docker-credential-" + name, "get"};
  options.input = server;
  options.timeout = kHelperTimeout;
  os::ProcessResult result = os::run_process(options, stop);
  if (result.exit_code == 0) return result.output;
  std::string said = result.output + result.errors;
  if (said.find("credentials not found") != std::string::npos) return std::nullopt;
  throw base::Error(base::ErrorKind::kAuth,
                    fmt::format("credential helper '{}' failed for '{}': {}", options.argv[0], server,
                                result.timed_out ? "timed out" : base::trim(said)));
}

}  // namespace

std::shared_ptr<registry::CredentialStore> open_credentials(const cloud::CloudContext& context) {
  std::vector<std::shared_ptr<registry::CredentialStore>> stores;
  if (std::string json = context.variable("DOCKER_AUTH_CONFIG"); !json.empty()) {
    stores.push_back(std::make_shared<DockerConfigCredentials>(json, "$DOCKER_AUTH_CONFIG", run_helper));
  }
  std::string directory = context.variable("DOCKER_CONFIG");
  if (directory.empty()) directory = context.variable("HOME") + "/.docker";
  std::string path = directory + "/config.json";
  if (::access(path.c_str(), R_OK) == 0) {
    stores.push_back(std::make_shared<DockerConfigCredentials>(os::read_file(path), path, run_helper));
  }
  return std::make_shared<CredentialChain>(std::move(stores));
}

}  // namespace cooper::access
