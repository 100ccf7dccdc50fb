#include "access/certificates.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <unistd.h>

#include "base/error.h"
#include "os/list_directory.h"

namespace cooper::access {

namespace {

// "client.cert" → "client" for ".cert"; "" when it ends otherwise.
std::string stem(const std::string& name, std::string_view ending) {
  if (name.size() <= ending.size() || !name.ends_with(ending)) return {};
  return name.substr(0, name.size() - ending.size());
}

void check_pair(const std::string& directory, const std::set<std::string>& names, const std::string& present,
                const std::string& missing) {
  if (names.contains(missing)) return;
  throw base::Error(base::ErrorKind::kUsage,
                    fmt::format("'{}/{}' has no '{}' beside it", directory, present, missing))
      .hint("put certificate and key there under one name, as NAME.cert and NAME.key");
}

}  // namespace

void add_certificates(const std::string& directory, HostSettings& settings) {
  // /etc/docker is root's alone on some systems.
  if (::access(directory.c_str(), R_OK | X_OK) != 0) return;
  const std::vector<std::string> listed = os::list_directory(directory);
  const std::set<std::string> names(listed.begin(), listed.end());
  std::vector<std::string> pairs;
  for (const std::string& name : names) {
    if (!stem(name, ".crt").empty()) settings.ca_files.push_back(directory + "/" + name);
    if (const std::string pair = stem(name, ".key"); !pair.empty())
      check_pair(directory, names, name, pair + ".cert");
    if (const std::string pair = stem(name, ".cert"); !pair.empty()) {
      check_pair(directory, names, name, pair + ".key");
      pairs.push_back(directory + "/" + pair);
    }
  }
  if (pairs.empty() || !settings.client_cert.empty()) return;
  if (pairs.size() > 1) {
    throw base::Error(base::ErrorKind::kUsage,
                      fmt::format("'{}' has {} client certificates", directory, pairs.size()))
        .hint("choose one with --registry-client-cert HOST=CERT,KEY");
  }
  settings.client_cert = pairs.front() + ".cert";
  settings.client_key = pairs.front() + ".key";
}

}  // namespace cooper::access
