#include "access/daemon_json.h"

#include "base/error.h"
#include "route_fixture.h"
#include "support/error_of.h"

namespace cooper::access {

using AccessDaemonJson = RouteFixture;
using support::error_of;

TEST_F(AccessDaemonJson, ReadsMirrorsOfDockerHubAndInsecureHosts) {
  write(
      "/etc/docker/daemon.json",
      R"({"registry-mirrors": ["https://m.example/"], "insecure-registries": ["r.example:5000", "10.1.0.0/16"], "debug": true})");
  EXPECT_EQ(pulls("debian"), "m.example/library/debian:latest, docker.io/library/debian:latest");
  EXPECT_TRUE(host("r.example:5000").may_be_plain);
  EXPECT_TRUE(host("10.1.2.3:5000").may_be_plain);
  EXPECT_FALSE(host("10.2.2.3:5000").may_be_plain);
  EXPECT_FALSE(host("m.example").may_be_plain);
}

TEST_F(AccessDaemonJson, SaysWhereAFileIsWrong) {
  const std::string path = write("/etc/docker/daemon.json", "{\n  \"debug\": true,\n  oops\n}\n");
  EXPECT_NE(error_of([&] { open_routes(options_); }).render().find(path + ":3"), std::string::npos);
  write("/etc/docker/daemon.json", R"({"registry-mirrors": "https://m.example"})");
  EXPECT_NE(error_of([&] { open_routes(options_); }).render().find("registry-mirrors"), std::string::npos);
  write("/etc/docker/daemon.json", "[]");
  EXPECT_EQ(error_of([&] { open_routes(options_); }).kind(), base::ErrorKind::kUsage);
}

}  // namespace cooper::access
