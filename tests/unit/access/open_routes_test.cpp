#include "access/open_routes.h"

#include "base/error.h"
#include "route_fixture.h"
#include "support/error_of.h"

namespace cooper::access {

using AccessOpenRoutes = RouteFixture;
using support::error_of;

TEST_F(AccessOpenRoutes, NothingSaidMeansTheNameItself) {
  EXPECT_EQ(pulls("debian:12"), "docker.io/library/debian:12");
  EXPECT_EQ(push("r.example/app"), "r.example/app:latest");
  EXPECT_FALSE(host("r.example").speaks_tls);
  EXPECT_FALSE(host("r.example").plain_http);
}

TEST_F(AccessOpenRoutes, MirrorsAreOfDockerHubUnlessAHostIsNamed) {
  options_.mirrors = {"m1.example", "https://m2.example/hub/", "r.example=m3.example:5000/r"};
  EXPECT_EQ(pulls("debian:12"),
            "m1.example/library/debian:12, m2.example/hub/library/debian:12, docker.io/library/debian:12");
  EXPECT_EQ(pulls("r.example/app"), "m3.example:5000/r/app:latest, r.example/app:latest");
  EXPECT_EQ(pulls("other.example/app"), "other.example/app:latest");
  EXPECT_EQ(push("debian:12"), "docker.io/library/debian:12") << "mirrors are not pushed to";
}

TEST_F(AccessOpenRoutes, MapsAreTriedInOrderAndTheLongestPrefixWins) {
  options_.maps = {"index.docker.io=a.example;docker.io=b.example/x", "docker.io/library=c.example/official"};
  EXPECT_EQ(pulls("team/app"),
            "a.example/team/app:latest, b.example/x/team/app:latest, docker.io/team/app:latest");
  EXPECT_EQ(pulls("debian"), "c.example/official/debian:latest, docker.io/library/debian:latest");
}

TEST_F(AccessOpenRoutes, WithoutFallbackOnlyNamesWithMirrorsLoseTheirOwnPlace) {
  options_.mirrors = {"m.example"};
  options_.no_fallback = true;
  EXPECT_EQ(pulls("debian"), "m.example/library/debian:latest");
  EXPECT_EQ(pulls("r.example/app"), "r.example/app:latest");
}

TEST_F(AccessOpenRoutes, VariablesStandInForFlagsThatWereNotGiven) {
  options_.environment["COOPER_REGISTRY_MIRROR"] = "m1.example, m2.example";
  options_.environment["COOPER_REGISTRY_MAP"] = "a.example=b.example;c.example=d.example";
  options_.environment["COOPER_NO_REGISTRY_FALLBACK"] = "1";
  options_.environment["COOPER_REGISTRY_INSECURE"] = "p.example";
  options_.environment["COOPER_REGISTRY_SKIP_TLS_VERIFY"] = "s.example";
  EXPECT_EQ(pulls("debian"), "m1.example/library/debian:latest, m2.example/library/debian:latest");
  EXPECT_EQ(pulls("c.example/x"), "d.example/x:latest");
  EXPECT_TRUE(host("p.example").plain_http);
  EXPECT_FALSE(host("s.example").tls.verify);
  options_.mirrors = {"flag.example"};
  EXPECT_EQ(pulls("debian"), "flag.example/library/debian:latest");
  options_.environment["COOPER_NO_REGISTRY_FALLBACK"] = "perhaps";
  EXPECT_EQ(error_of([&] { pulls("debian"); }).kind(), base::ErrorKind::kUsage);
}

TEST_F(AccessOpenRoutes, LaxHostsArePlainOnlyWhereNothingSpeaksTls) {
  options_.lax_hosts = {"p.example:5000"};
  EXPECT_TRUE(host("p.example:5000").may_be_plain);
  EXPECT_FALSE(host("p.example:5000").plain_http);
  EXPECT_TRUE(host("p.example:5000").tls.verify);
  EXPECT_FALSE(host("p.example").may_be_plain);
}

TEST_F(AccessOpenRoutes, HostsThatNobodyNamedMayBeTrustedMore) {
  options_.others = {true, false, {"own.example"}};
  EXPECT_TRUE(host("other.example").may_be_plain);
  EXPECT_FALSE(host("other.example").tls.verify);
  EXPECT_FALSE(host("own.example").may_be_plain);
  EXPECT_TRUE(host("own.example").tls.verify);
  EXPECT_FALSE(host("localhost:5000").speaks_tls) << "nobody said that this one does";
}

TEST_F(AccessOpenRoutes, CertificatesComeFromFlags) {
  const std::string ca = write("/ca.pem", "x");
  const std::string cert = write("/cert.pem", "x");
  const std::string key = write("/key.pem", "x");
  options_.authorities = {ca, "r.example:5000=" + cert};
  options_.client_certificates = {"r.example:5000=" + cert + "," + key};
  EXPECT_EQ(host("other.example").tls.ca_files, std::vector<std::string>{ca});
  EXPECT_EQ(host("r.example:5000").tls.ca_files, (std::vector<std::string>{cert, ca}));
  EXPECT_EQ(host("r.example:5000").tls.client_key, key);
  EXPECT_EQ(host("r.example").tls.client_cert, "");
  EXPECT_TRUE(host("r.example:5000").speaks_tls);
  EXPECT_FALSE(host("localhost:5000").speaks_tls) << "authorities for all say nothing of one";
}

TEST_F(AccessOpenRoutes, AFileThatCannotBeReadIsNamedWithItsHost) {
  options_.authorities = {"r.example=/no/such/ca.pem"};
  const base::Error error = error_of([&] { host("r.example"); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
  EXPECT_NE(error.message().find("'/no/such/ca.pem'"), std::string::npos) << error.message();
  EXPECT_NE(error.message().find("'r.example'"), std::string::npos) << error.message();
}

TEST_F(AccessOpenRoutes, FlagsComeBeforeFilesAndTheGivenFileBeforeAllOthers) {
  write("/etc/containers/registries.conf",
        "[[registry]]\nlocation = 'docker.io'\n[[registry.mirror]]\nlocation = 'c.example'\n");
  write("/etc/buildkit/buildkitd.toml", "[registry.'docker.io']\nmirrors = ['b.example']\n");
  write("/etc/docker/daemon.json", R"({"registry-mirrors": ["https://d.example"]})");
  EXPECT_EQ(pulls("debian"), "c.example/library/debian:latest, docker.io/library/debian:latest");
  options_.config = write("/own.toml", "[registry.'docker.io']\nmirrors = ['own.example']\n");
  EXPECT_EQ(pulls("debian"), "own.example/library/debian:latest, docker.io/library/debian:latest");
  options_.mirrors = {"flag.example"};
  EXPECT_EQ(pulls("debian"), "flag.example/library/debian:latest, docker.io/library/debian:latest");
}

}  // namespace cooper::access
