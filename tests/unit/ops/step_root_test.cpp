#include "ops/step_root.h"

#include "ops/farms.h"
#include "tests/unit/ops/services_fixture.h"

namespace cooper::ops {
namespace {

using support::LayerTar;

class OpsStepRoot : public ServicesFixture {
 protected:
  sandbox::Spec prepared() {
    std::unique_ptr<StepRoot> root = make_step_root(stack_, services_);
    sandbox::Spec spec;
    root->prepare(graph::Exec{}, {}, spec, {});
    EXPECT_TRUE(root->scratch().starts_with(directory_.path()));
    return spec;
  }

  snapshot::LayerStack stack_{layer(LayerTar().file("a", "x"))};
};

TEST_F(OpsStepRoot, IsAnOverlayWhereTheTierMounts) {
  EXPECT_TRUE(std::holds_alternative<sandbox::OverlayRoot>(prepared().root));
}

TEST_F(OpsStepRoot, IsAFarmWhereItCannot) {
  Farms farms(layers_);
  services_.farms = &farms;
  EXPECT_TRUE(std::holds_alternative<sandbox::FarmRoot>(prepared().root));
}

}  // namespace
}  // namespace cooper::ops
