// Which registries belong to which cloud, told by their names alone.
#pragma once

#include <optional>
#include <string>

namespace cooper::access {

// Amazon's Elastic Container Registry, private or public.
struct EcrHost {
  std::string region;    // that requests are signed for
  std::string endpoint;  // "https://api.ecr.eu-west-1.amazonaws.com"
  bool is_public = false;
};

// "123456789012.dkr.ecr.REGION.amazonaws.com" with all its kin (FIPS, dual stack, China, the European and the
// isolated partitions), "public.ecr.aws" and its dual stack name; nullopt for other hosts.
std::optional<EcrHost> parse_ecr_host(const std::string& host);
// Artifact Registry and Container Registry.
bool is_google_registry(const std::string& host);
// "NAME.azurecr.io", ".cn", ".us".
bool is_azure_registry(const std::string& host);

}  // namespace cooper::access
