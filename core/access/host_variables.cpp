#include "access/host_variables.h"

#include <fmt/format.h>

#include "base/text.h"

namespace cooper::access {

namespace {

// What cannot be in a variable's name is an underscore there.
std::string variable_part(const std::string& host) {
  std::string part = base::to_upper(host);
  for (char& c : part) {
    const bool fits = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!fits) c = '_';
  }
  return part;
}

}  // namespace

std::string HostVariables::get(const std::string& name) const {
  const auto found = environment_.find(name);
  return found == environment_.end() ? std::string() : found->second;
}

registry::CredentialSearch HostVariables::find(const std::string& host, const std::string&,
                                               const std::stop_token&) {
  const std::string prefix = "KANIKO_" + variable_part(host);
  registry::Credential credential;
  credential.username = get(prefix + "_USER");
  credential.password = get(prefix + "_PASSWORD");
  credential.source = fmt::format("${}_PASSWORD", prefix);
  if (credential.username.empty() || credential.password.empty())
    return {std::nullopt, {fmt::format("{0}_USER and {0}_PASSWORD are not set", prefix)}};
  return {std::move(credential), {}};
}

}  // namespace cooper::access
