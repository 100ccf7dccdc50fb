// A definition with services around it, for the tests of what carries ops out.
#pragma once

#include "cache/local.h"
#include "ops/results.h"
#include "ops/runner.h"
#include "support/fake_launcher.h"
#include "tests/unit/ops/fixture.h"

namespace cooper::ops {

class ServicesFixture : public OpsFixture {
 protected:
  ServicesFixture() {
    services_.definition = &definition_;
    services_.layers = &layers_;
    services_.records = &records_;
    services_.pool = &pool_;
    services_.events = &events_;
    services_.launcher = &launcher_;
    services_.now = 5000;
  }

  solver::ResultPtr stack(const support::LayerTar& tar) {
    auto result = std::make_shared<StackResult>();
    result->stack = {layer(tar)};
    result->created = {0};
    return result;
  }
  solver::ResultPtr context_result() const { return std::make_shared<TreeResult>(context()); }
  static std::string text(const snapshot::LayerStack& layers, const std::string& path) {
    return content(snapshot::MergedView(layers), path);
  }

  graph::Definition definition_;
  support::RecordedEvents events_;
  support::FakeLauncher launcher_;
  cache::Records records_{std::make_shared<cache::LocalBackend>(store_),
                          [](const std::string& text) { ADD_FAILURE() << text; }};
  Services services_;
};

}  // namespace cooper::ops
