#include "build/entitlements.h"

#include <gmock/gmock.h>

#include "support/error_of.h"

namespace cooper::build {
namespace {

using support::error_of;

graph::Vertex step(const std::string& command, int line) {
  graph::Exec exec;
  exec.argv = {command};
  graph::Vertex vertex;
  vertex.op = exec;
  vertex.inputs = {graph::kScratch};
  vertex.info.range = {"Dockerfile", line, 0, line, ""};
  return vertex;
}

class BuildEntitlements : public testing::Test {
 protected:
  BuildEntitlements() {
    plain_ = definition_.add(step("plain", 1));
    graph::Vertex insecure = step("insecure", 2);
    std::get<graph::Exec>(insecure.op).insecure = true;
    insecure.inputs = {plain_};
    insecure_ = definition_.add(insecure);
    graph::Vertex host = step("host", 3);
    std::get<graph::Exec>(host.op).network = graph::Exec::Network::kHost;
    host.inputs = {insecure_};
    host_ = definition_.add(host);
  }
  std::string refused(std::vector<int> roots) {
    base::Error error = error_of([&] { require_entitlements(definition_, roots, request_); });
    EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
    return error.render();
  }

  graph::Definition definition_;
  BuildRequest request_;
  int plain_ = 0;
  int insecure_ = 0;
  int host_ = 0;
};

TEST_F(BuildEntitlements, TheFirstStepThatAsksForMoreIsNamed) {
  EXPECT_EQ(refused({host_}),
            "Dockerfile:2: RUN '--security=insecure' needs the entitlement security.insecure\n"
            "hint: add --allow security.insecure if you trust this Dockerfile with it");
  request_.allow = {"security.insecure"};
  EXPECT_EQ(refused({host_}),
            "Dockerfile:3: RUN '--network=host' needs the entitlement network.host\n"
            "hint: add --allow network.host if you trust this Dockerfile with it");
}

TEST_F(BuildEntitlements, StepsThatNothingNeedsAskForNothing) {
  require_entitlements(definition_, {plain_}, request_);
  require_entitlements(definition_, {}, request_);
  require_entitlements(definition_, {graph::kScratch}, request_);
}

TEST_F(BuildEntitlements, ConsentIsEnough) {
  request_.allow = {"security.insecure", "network.host"};
  require_entitlements(definition_, {host_}, request_);
  request_.allow = {"security.insecure"};
  request_.network = "host";
  require_entitlements(definition_, {host_}, request_);
}

}  // namespace
}  // namespace cooper::build
