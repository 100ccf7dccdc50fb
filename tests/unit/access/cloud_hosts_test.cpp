#include "access/cloud_hosts.h"

#include <gtest/gtest.h>

namespace cooper::access {
namespace {

struct Case {
  const char* host;
  const char* region;
  const char* endpoint;
};

TEST(AccessCloudHosts, KnowsEveryKindOfEcr) {
  for (const Case& one : {
           Case{"123456789012.dkr.ecr.eu-west-1.amazonaws.com", "eu-west-1",
                "https://api.ecr.eu-west-1.amazonaws.com"},
           Case{"123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1",
                "https://ecr-fips.us-gov-west-1.amazonaws.com"},
           Case{"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1",
                "https://api.ecr.cn-north-1.amazonaws.com.cn"},
           Case{"123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1",
                "https://api.ecr.eusc-de-east-1.amazonaws.eu"},
           Case{"123456789012.dkr-ecr.us-west-2.on.aws", "us-west-2", "https://ecr.us-west-2.api.aws"},
           Case{"123456789012.dkr-ecr-fips.us-west-2.on.aws", "us-west-2",
                "https://ecr-fips.us-west-2.api.aws"},
           Case{"123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn", "cn-north-1",
                "https://ecr.cn-north-1.api.amazonwebservices.com.cn"},
           Case{"123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov", "us-iso-east-1",
                "https://api.ecr.us-iso-east-1.c2s.ic.gov"},
           Case{"123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1",
                "https://api.ecr.us-isob-east-1.sc2s.sgov.gov"},
           Case{"123456789012.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk", "eu-isoe-west-1",
                "https://api.ecr.eu-isoe-west-1.cloud.adc-e.uk"},
           Case{"123456789012.dkr.ecr.us-isof-south-1.csp.hci.ic.gov", "us-isof-south-1",
                "https://api.ecr.us-isof-south-1.csp.hci.ic.gov"},
       }) {
    const std::optional<EcrHost> found = parse_ecr_host(one.host);
    ASSERT_TRUE(found) << one.host;
    EXPECT_EQ(found->region, one.region);
    EXPECT_EQ(found->endpoint, one.endpoint);
    EXPECT_FALSE(found->is_public);
  }
  for (const char* host : {"public.ecr.aws", "ecr-public.aws.com"}) {
    const std::optional<EcrHost> found = parse_ecr_host(host);
    ASSERT_TRUE(found) << host;
    EXPECT_TRUE(found->is_public);
    EXPECT_EQ(found->region, "us-east-1");
    EXPECT_EQ(found->endpoint, "https://api.ecr-public.us-east-1.amazonaws.com");
  }
}

// A name that only looks like AWS's must get no request that is signed for AWS, and no token.
TEST(AccessCloudHosts, IsNotTakenInByLookalikes) {
  for (const char* host :
       {"123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example", "evil.example",
        "12345678901.dkr.ecr.eu-west-1.amazonaws.com", "1234567890123.dkr.ecr.eu-west-1.amazonaws.com",
        "12345678901x.dkr.ecr.eu-west-1.amazonaws.com", "123456789012.dkr.ecr.amazonaws.com",
        "123456789012.dkr.ecr..amazonaws.com", "123456789012.dkr.ecr.evil/x?.amazonaws.com",
        "123456789012.dkr.ecr.eu west.amazonaws.com", "123456789012.dkr.ecr.eu-west-1.amazonaws.com:8443",
        "123456789012.ecr.eu-west-1.amazonaws.com", "x.public.ecr.aws", "123456789012", "",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.org", "user@public.ecr.aws"}) {
    EXPECT_FALSE(parse_ecr_host(host)) << host;
  }
}

TEST(AccessCloudHosts, KnowsGooglesRegistries) {
  for (const char* host : {"gcr.io", "us.gcr.io", "eu.gcr.io", "asia.gcr.io", "europe-west1-docker.pkg.dev",
                           "us-docker.pkg.dev", "docker.us-central1.rep.pkg.dev", "gcr.io:443"}) {
    EXPECT_TRUE(is_google_registry(host)) << host;
  }
  for (const char* host :
       {"evilgcr.io", "gcr.io.evil.example", "a.b.gcr.io", ".gcr.io", "us-python.pkg.dev", "pkg.dev",
        "-docker.pkg.dev", "docker.pkg.dev", "x.docker.us.rep.pkg.dev", "rep.pkg.dev", "gcr.io:8443",
        "us-docker.pkg.dev.evil.example", "evil/x.gcr.io", ""}) {
    EXPECT_FALSE(is_google_registry(host)) << host;
  }
}

TEST(AccessCloudHosts, KnowsAzuresRegistries) {
  for (const char* host : {"team.azurecr.io", "team.azurecr.cn", "team.azurecr.us", "team-abc123.azurecr.io"})
    EXPECT_TRUE(is_azure_registry(host)) << host;
  for (const char* host : {"azurecr.io", ".azurecr.io", "evilazurecr.io", "team.azurecr.io.evil.example",
                           "team.azurecr.de", "a.b.azurecr.io", "evil@x.azurecr.io", "team.azurecr.io:8443"})
    EXPECT_FALSE(is_azure_registry(host)) << host;
}

}  // namespace
}  // namespace cooper::access
