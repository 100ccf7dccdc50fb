#include "registry/probed_routes.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "support/scripted_http.h"

namespace cooper::registry {

namespace {

using testing::ScriptedHttp;

class OneHost final : public Routes {
 public:
  HostOptions host(const std::string& host) const override {
    HostOptions options;
    options.may_be_plain = host == "maybe.example:5000";
    options.tls.verify = !options.may_be_plain;
    return options;
  }
  std::vector<oci::Reference> pull_from(const oci::Reference& reference) const override {
    return {reference};
  }
  oci::Reference push_to(const oci::Reference& reference) const override { return reference; }
};

class RegistryProbedRoutes : public ::testing::Test {
 protected:
  bool is_plain(const std::string& host) { return routes_.host(host).plain_http; }

  std::shared_ptr<ScriptedHttp> http_ = std::make_shared<ScriptedHttp>();
  ProbedRoutes routes_{http_, std::make_shared<OneHost>()};
};

}  // namespace

TEST_F(RegistryProbedRoutes, TlsWhereItAnswers) {
  http_->on("GET https://maybe.example:5000/v2/", testing::answer(401, ""));
  http_->on("GET http://maybe.example:5000/v2/", testing::answer(200, ""));
  EXPECT_FALSE(is_plain("maybe.example:5000"));
  EXPECT_EQ(http_->count("http://"), 0U);
  EXPECT_FALSE(http_->requests()[0].tls.verify);
}

TEST_F(RegistryProbedRoutes, PlainWhereNothingSpeaksTls) {
  http_->on("GET http://maybe.example:5000/v2/", testing::answer(200, ""));
  EXPECT_TRUE(is_plain("maybe.example:5000"));
  EXPECT_TRUE(is_plain("maybe.example:5000"));
  EXPECT_EQ(http_->requests().size(), 2U) << "it is asked once";
}

TEST_F(RegistryProbedRoutes, TlsWhereNobodyAnswers) {
  EXPECT_FALSE(is_plain("maybe.example:5000"));
}

TEST_F(RegistryProbedRoutes, OthersAreNotAsked) {
  EXPECT_FALSE(is_plain("r.example"));
  EXPECT_TRUE(http_->requests().empty());
}

}  // namespace cooper::registry
