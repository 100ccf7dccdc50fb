#include "sandbox/network_files.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace cooper::sandbox {
namespace {

TEST(SandboxNetworkFiles, ListsLocalhostAndExtraHosts) {
  Spec spec;
  spec.hostname = "builder";
  spec.extra_hosts = {"db:10.0.0.5", "six:fd00::1"};
  EXPECT_EQ(hosts_file(spec),
            "127.0.0.1\tlocalhost builder\n::1\tlocalhost ip6-localhost "
            "ip6-loopback\n10.0.0.5\tdb\nfd00::1\tsix\n");
}

TEST(SandboxNetworkFiles, RefusesHostsWithoutAnAddress) {
  for (const char* host : {"db", ":1.2.3.4", "db:"}) {
    Spec spec;
    spec.extra_hosts = {host};
    EXPECT_THROW(hosts_file(spec), base::Error) << host;
  }
}

}  // namespace
}  // namespace cooper::sandbox
