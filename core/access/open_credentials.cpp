#include "access/open_credentials.h"

#include "access/auth_flag.h"
#include "access/auth_places.h"
#include "access/azure_registry.h"
#include "access/ci_credentials.h"
#include "access/config_file.h"
#include "access/credential_chain.h"
#include "access/credential_helper.h"
#include "access/docker_config.h"
#include "access/ecr_credentials.h"
#include "access/google_registry.h"
#include "access/host_variables.h"
#include "access/named_credentials.h"

namespace cooper::access {

namespace {

std::shared_ptr<registry::CredentialStore> open_place(const AuthPlace& place) {
  if (!place.path.empty()) return std::make_shared<ConfigFile>(place.path, ask_helper);
  if (!place.text.empty())
    return std::make_shared<DockerConfigCredentials>(place.text, place.source, ask_helper);
  return std::make_shared<NoCredentials>(place.source);
}

}  // namespace

std::shared_ptr<registry::CredentialStore> open_credentials(const cloud::CloudContext& context,
                                                            const CredentialOptions& options) {
  std::vector<std::shared_ptr<registry::CredentialStore>> stores;
  auto is_asked = [&](const char* place) { return !options.places || options.places->contains(place); };
  for (const std::string& flag : options.flags) stores.push_back(open_auth_flag(flag, context.environment));
  for (const AuthPlace& place : auth_places(context.environment)) stores.push_back(open_place(place));
  if (options.kaniko_variables && is_asked("env"))
    stores.push_back(std::make_shared<HostVariables>(context.environment));
  if (is_asked("gitlab")) {
    stores.push_back(
        std::make_shared<NamedCredentials>(ci_credentials(context.environment), "the CI's environment"));
  }
  if (is_asked("ecr")) stores.push_back(std::make_shared<EcrCredentials>(context));
  if (is_asked("google")) stores.push_back(std::make_shared<GoogleRegistryCredentials>(context));
  if (is_asked("acr")) stores.push_back(std::make_shared<AzureRegistryCredentials>(context));
  return std::make_shared<CredentialChain>(std::move(stores));
}

}  // namespace cooper::access
