#include "registry/endpoint.h"

#include <gtest/gtest.h>

namespace cooper::registry {

namespace {

class SomeRoutes final : public Routes {
 public:
  HostOptions host(const std::string& host) const override {
    HostOptions options;
    if (host == "localhost:5001" || host == "auth.example:8443" || host == "auth.example")
      options.tls.ca_files = {host};
    options.speaks_tls = host == "localhost:5001";
    options.plain_http = host == "plain.example";
    return options;
  }
  std::vector<oci::Reference> pull_from(const oci::Reference& reference) const override {
    return {reference};
  }
  oci::Reference push_to(const oci::Reference& reference) const override { return reference; }
};

ClientOptions options() {
  ClientOptions options;
  options.routes = std::make_shared<SomeRoutes>();
  return options;
}

}  // namespace

TEST(RegistryEndpoint, LoopbackIsPlainUnlessTlsIsConfigured) {
  EXPECT_EQ(endpoint_of("localhost:5000", options()).base, "http://localhost:5000");
  EXPECT_EQ(endpoint_of("127.0.0.1", options()).base, "http://127.0.0.1");
  EXPECT_EQ(endpoint_of("localhost:5001", options()).base, "https://localhost:5001");
  EXPECT_EQ(endpoint_of("r.example", options()).base, "https://r.example");
  EXPECT_EQ(endpoint_of("plain.example", options()).base, "http://plain.example");
  EXPECT_EQ(endpoint_of("docker.io", options()).base, "https://registry-1.docker.io");
}

TEST(RegistryEndpoint, ATokenServerHasItsOwnOptions) {
  EXPECT_EQ(options_for_url("https://auth.example/token", options()).tls.ca_files[0], "auth.example");
  EXPECT_EQ(options_for_url("https://auth.example:8443/token?x", options()).tls.ca_files[0],
            "auth.example:8443");
  EXPECT_TRUE(options_for_url("https://other.example/token", options()).tls.ca_files.empty());
}

}  // namespace cooper::registry
