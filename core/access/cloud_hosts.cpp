#include "access/cloud_hosts.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "access/docker_config.h"
#include "base/text.h"

namespace cooper::access {

namespace {

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kDigits = "0123456789";

// What one part of a host's name may be; endpoints are made of them.
bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= 63 && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return c == '-' || kLetters.find(c) != std::string_view::npos ||
                  kDigits.find(c) != std::string_view::npos;
         });
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() > end.size() && text.substr(text.size() - end.size()) == end;
}

bool is_account(std::string_view text) {
  return text.size() == 12 && text.find_first_not_of(kDigits) == std::string_view::npos;
}

// A partition's domains: of its registries, and of its service.
struct Domain {
  std::string_view hosts;
  std::string_view service;  // behind "api.ecr.REGION." or, dual stack, "ecr.REGION."
  bool is_dual_stack;
};

constexpr std::array<Domain, 9> kDomains = {{
    {"amazonaws.com", "amazonaws.com", false},
    {"amazonaws.com.cn", "amazonaws.com.cn", false},
    {"amazonaws.eu", "amazonaws.eu", false},
    {"on.aws", "api.aws", true},
    {"on.amazonwebservices.com.cn", "api.amazonwebservices.com.cn", true},
    {"c2s.ic.gov", "c2s.ic.gov", false},
    {"sc2s.sgov.gov", "sc2s.sgov.gov", false},
    {"cloud.adc-e.uk", "cloud.adc-e.uk", false},
    {"csp.hci.ic.gov", "csp.hci.ic.gov", false},
}};

std::string endpoint_of(const Domain& domain, const std::string& region, bool is_fips) {
  if (is_fips) return fmt::format("https://ecr-fips.{}.{}", region, domain.service);
  return fmt::format("https://{}.{}.{}", domain.is_dual_stack ? "ecr" : "api.ecr", region, domain.service);
}

// "dkr.ecr.", "dkr-ecr-fips.", … in front of `rest`, which loses it; nullopt for anything else.
std::optional<bool> take_service(std::string_view& rest) {
  for (std::string_view between : {".", "-"}) {
    for (bool is_fips : {false, true}) {
      const std::string words = fmt::format("dkr{}ecr{}.", between, is_fips ? "-fips" : "");
      if (rest.substr(0, words.size()) != words) continue;
      rest.remove_prefix(words.size());
      return is_fips;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<EcrHost> parse_ecr_host(const std::string& host) {
  const std::string server = canonical_server(host);
  const std::string_view name = server;
  if (name == "public.ecr.aws" || name == "ecr-public.aws.com")
    return EcrHost{"us-east-1", "https://api.ecr-public.us-east-1.amazonaws.com", true};
  const std::size_t dot = std::min(name.find('.'), name.size());
  if (!is_account(name.substr(0, dot)) || dot == name.size()) return std::nullopt;
  std::string_view rest = name.substr(dot + 1);
  const std::optional<bool> is_fips = take_service(rest);
  const std::size_t end = std::min(rest.find('.'), rest.size());
  const std::string region(rest.substr(0, end));
  if (!is_fips || !is_label(region) || end == rest.size()) return std::nullopt;
  rest.remove_prefix(end + 1);
  for (const Domain& domain : kDomains) {
    if (rest == domain.hosts) return EcrHost{region, endpoint_of(domain, region, *is_fips), false};
  }
  return std::nullopt;
}

bool is_google_registry(const std::string& host) {
  const std::string name = canonical_server(host);
  const std::vector<std::string> labels = base::split(name, '.');
  if (!std::all_of(labels.begin(), labels.end(), is_label)) return false;
  if (name == "gcr.io" || (labels.size() == 3 && ends_with(name, ".gcr.io"))) return true;
  if (labels.size() == 3 && ends_with(name, ".pkg.dev")) return ends_with(labels[0], "-docker");
  return labels.size() == 5 && labels[0] == "docker" && ends_with(name, ".rep.pkg.dev");
}

bool is_azure_registry(const std::string& host) {
  const std::string name = canonical_server(host);
  const std::vector<std::string> labels = base::split(name, '.');
  if (labels.size() != 3 || !is_label(labels[0]) || labels[1] != "azurecr") return false;
  return labels[2] == "io" || labels[2] == "cn" || labels[2] == "us";
}

}  // namespace cooper::access
