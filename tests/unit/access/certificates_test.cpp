#include "access/certificates.h"

#include "base/error.h"
#include "route_fixture.h"
#include "support/error_of.h"

namespace cooper::access {

using AccessCertificates = RouteFixture;
using support::error_of;

TEST_F(AccessCertificates, AreFoundByHostAndPort) {
  const std::string ca = write("/etc/docker/certs.d/r.example:5000/ca.crt", "x");
  const std::string cert = write("/home/.docker/certs.d/r.example:5000/client.cert", "x");
  const std::string key = write("/home/.docker/certs.d/r.example:5000/client.key", "x");
  const std::string more = write("/etc/containers/certs.d/r.example:5000/b.crt", "x");
  write("/etc/docker/certs.d/r.example:5000/README", "x");
  const registry::HostOptions found = host("r.example:5000");
  EXPECT_EQ(found.tls.ca_files, (std::vector<std::string>{more, ca}));
  EXPECT_EQ(found.tls.client_cert, cert);
  EXPECT_EQ(found.tls.client_key, key);
  EXPECT_FALSE(host("r.example").speaks_tls);
}

TEST_F(AccessCertificates, AHostCannotLeaveItsDirectory) {
  write("/etc/docker/ca.crt", "x");
  EXPECT_FALSE(host("..").speaks_tls);
  EXPECT_FALSE(host("a/..").speaks_tls);
}

TEST_F(AccessCertificates, AMissingHalfIsNamed) {
  write("/etc/docker/certs.d/a.example/client.cert", "x");
  write("/etc/docker/certs.d/b.example/client.key", "x");
  const base::Error no_key = error_of([&] { host("a.example"); });
  EXPECT_EQ(no_key.kind(), base::ErrorKind::kUsage);
  EXPECT_NE(no_key.message().find("no 'client.key'"), std::string::npos) << no_key.message();
  const base::Error no_cert = error_of([&] { host("b.example"); });
  EXPECT_NE(no_cert.message().find("no 'client.cert'"), std::string::npos) << no_cert.message();
}

TEST_F(AccessCertificates, SeveralPairsAreAChoiceOfTheUsers) {
  for (const char* name : {"a.cert", "a.key", "b.cert", "b.key"})
    write(std::string("/etc/docker/certs.d/r.example/") + name, "x");
  EXPECT_NE(error_of([&] { host("r.example"); }).hint().find("--registry-client-cert"), std::string::npos);
  options_.client_certificates = {"r.example=" + write("/c", "x") + "," + write("/k", "x")};
  EXPECT_EQ(host("r.example").tls.client_cert, root_ + "/c");
}

}  // namespace cooper::access
