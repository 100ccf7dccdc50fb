#include "cli/registry_flags.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace cooper::cli {

namespace {

access::RouteOptions parse(const std::string& line) {
  const std::map<std::string, std::string> variables = {{"HOME", "/home/ci"}};
  Program program("pull", "");
  std::string positional;
  RegistryFlags flags;
  program.root().add_positional("context", positional, "");
  add_registry_flags(program.root(), flags);
  program.parse(base::split(line, ' '));
  EXPECT_EQ(positional, ".");
  return route_options(flags, Environment(variables));
}

}  // namespace

TEST(CliRegistryFlags, KeepEachValueAndItsOrder) {
  const access::RouteOptions options = parse(
      "--registry-mirror b.example --registry-mirror a.example --registry-map x.example=y.example "
      "--registry-ca ca.pem --registry-client-cert r.example=c,k --registry-insecure p.example "
      "--registry-skip-tls-verify s.example --registry-config f --no-registry-fallback .");
  EXPECT_EQ(options.mirrors, (std::vector<std::string>{"b.example", "a.example"}));
  EXPECT_EQ(options.maps, std::vector<std::string>{"x.example=y.example"});
  EXPECT_EQ(options.authorities, std::vector<std::string>{"ca.pem"});
  EXPECT_EQ(options.client_certificates, std::vector<std::string>{"r.example=c,k"});
  EXPECT_EQ(options.plain_hosts, std::vector<std::string>{"p.example"});
  EXPECT_EQ(options.unverified_hosts, std::vector<std::string>{"s.example"});
  EXPECT_EQ(options.config, "f");
  EXPECT_TRUE(options.no_fallback);
  EXPECT_EQ(options.environment.at("HOME"), "/home/ci");
}

TEST(CliRegistryFlags, TakeOneValueEach) {
  EXPECT_EQ(parse("--registry-mirror m.example .").mirrors, std::vector<std::string>{"m.example"});
  EXPECT_FALSE(parse(".").no_fallback);
}

}  // namespace cooper::cli
