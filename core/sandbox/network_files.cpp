#include "sandbox/network_files.h"

#include <fmt/core.h>

#include "base/error.h"
#include "os/fd.h"

namespace cooper::sandbox {

namespace {

constexpr const char* kPublicNameServers = "nameserver 8.8.8.8\nnameserver 8.8.4.4\n";
constexpr std::size_t kMaximumResolvConf = 1 << 20;

}  // namespace

std::string resolv_conf() {
  try {
    return os::read_file("/etc/resolv.conf", kMaximumResolvConf);
  } catch (const base::Error&) {
    return kPublicNameServers;
  }
}

std::string hosts_file(const Spec& spec) {
  std::string text =
      fmt::format("127.0.0.1\tlocalhost {}\n::1\tlocalhost ip6-localhost ip6-loopback\n", spec.hostname);
  for (const auto& host : spec.extra_hosts) {
    // The first colon: an address of version 6 has more of them.
    const auto colon = host.find(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == host.size()) {
      throw base::Error(base::ErrorKind::kUsage, fmt::format("invalid extra host '{}'", host))
          .hint("write it as name:address");
    }
    text += fmt::format("{}\t{}\n", host.substr(colon + 1), host.substr(0, colon));
  }
  return text;
}

}  // namespace cooper::sandbox
