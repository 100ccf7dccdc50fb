#include "access/buildkitd_toml.h"

#include "base/error.h"
#include "route_fixture.h"
#include "support/error_of.h"

namespace cooper::access {

using AccessBuildkitdToml = RouteFixture;
using support::error_of;

TEST_F(AccessBuildkitdToml, ReadsMirrorsAndTrust) {
  const std::string ca = write("/ca.pem", "x");
  const std::string cert = write("/c.pem", "x");
  const std::string key = write("/k.pem", "x");
  const std::string directory = root_ + "/tls";
  write("/tls/more.crt", "x");
  write("/etc/buildkit/buildkitd.toml",
        "debug = true\n[worker.oci]\nmax-parallelism = 4\n"
        "[registry.\"docker.io\"]\nmirrors = [\"m.example:5000/proxy\", \"http://n.example\"]\n"
        "[registry.\"m.example:5000\"]\nca = [\"" +
            ca + "\"]\ntlsconfigdir = [\"" + directory +
            "\"]\n"
            "[[registry.\"m.example:5000\".keypair]]\nkey = \"" +
            key + "\"\ncert = \"" + cert +
            "\"\n"
            "[registry.\"p.example\"]\nhttp = true\n[registry.\"s.example\"]\ninsecure = true\n");
  EXPECT_EQ(
      pulls("debian:12"),
      "m.example:5000/proxy/library/debian:12, n.example/library/debian:12, docker.io/library/debian:12");
  const registry::HostOptions mirror = host("m.example:5000");
  EXPECT_EQ(mirror.tls.ca_files, (std::vector<std::string>{ca, directory + "/more.crt"}));
  EXPECT_EQ(mirror.tls.client_cert, cert);
  EXPECT_EQ(mirror.tls.client_key, key);
  EXPECT_TRUE(mirror.tls.verify);
  EXPECT_TRUE(host("p.example").plain_http);
  EXPECT_TRUE(host("n.example").plain_http);
  EXPECT_FALSE(host("s.example").tls.verify);
  EXPECT_FALSE(host("s.example").plain_http);
  EXPECT_TRUE(notes_.empty()) << notes_[0];
}

TEST_F(AccessBuildkitdToml, TheUsersFileStandsInForTheSystems) {
  write("/etc/buildkit/buildkitd.toml", "[registry.\"docker.io\"]\nmirrors = [\"system.example\"]\n");
  write("/home/.config/buildkit/buildkitd.toml", "[registry.\"docker.io\"]\nmirrors = [\"user.example\"]\n");
  EXPECT_EQ(pulls("debian"), "user.example/library/debian:latest, docker.io/library/debian:latest");
}

TEST_F(AccessBuildkitdToml, SaysWhereAFileIsWrong) {
  auto expect = [&](const std::string& text, const std::string& place, const std::string& part) {
    const std::string path = write("/etc/buildkit/buildkitd.toml", text);
    const base::Error error = error_of([&] { open_routes(options_); });
    EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
    EXPECT_NE(error.render().find(path + ":" + place), std::string::npos) << error.render();
    EXPECT_NE(error.render().find(part), std::string::npos) << error.render();
  };
  expect("[registry.\"docker.io\"]\nmirrors = \"m.example\"\n", "2", "'mirrors'");
  expect("[registry.\"r.example\"]\nhttp = \"yes\"\n", "2", "'http'");
  expect("[registry.\"r.example\"]\n[[registry.\"r.example\".keypair]]\nkey = \"k\"\n", "2", "keypair");
  expect("[registry]\n\"r.example\" = true\n", "2", "r.example");
}

TEST_F(AccessBuildkitdToml, TellsOfWhatItDoesNotKnow) {
  write("/etc/buildkit/buildkitd.toml", "[registry.\"r.example\"]\nmirorrs = []\n");
  open_routes(options_);
  ASSERT_EQ(notes_.size(), 1U);
  EXPECT_NE(notes_[0].find("'mirrors'"), std::string::npos) << notes_[0];
}

}  // namespace cooper::access
