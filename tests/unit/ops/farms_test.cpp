#include "ops/farms.h"

#include <filesystem>
#include <fstream>

#include "tests/unit/ops/services_fixture.h"

namespace cooper::ops {
namespace {

using support::LayerTar;

class OpsFarms : public ServicesFixture {
 protected:
  snapshot::LayerStack a_{layer(LayerTar().file("a", "x"))};
  snapshot::LayerStack b_{layer(LayerTar().file("b", "y"))};
};

TEST_F(OpsFarms, TheNextStepGetsTheTreeThatAStepLeft) {
  Farms farms(layers_);
  std::unique_ptr<StepTree> tree = farms.take(a_);
  EXPECT_TRUE(std::filesystem::exists(tree->farm() + "/a"));
  const std::string farm = tree->farm();
  farms.give_back(b_, std::move(tree));
  EXPECT_NE(farms.take(a_)->farm(), farm) << "it is no tree of these layers any more";
  EXPECT_EQ(farms.take(b_)->farm(), farm);
  EXPECT_NE(farms.take(b_)->farm(), farm) << "one step at a time";
}

TEST_F(OpsFarms, TreesGoWithTheBuild) {
  std::string farm;
  {
    Farms farms(layers_);
    std::unique_ptr<StepTree> tree = farms.take(a_);
    farm = tree->farm();
    farms.give_back(a_, std::move(tree));
    EXPECT_TRUE(std::filesystem::exists(farm));
  }
  EXPECT_FALSE(std::filesystem::exists(farm));
}

TEST_F(OpsFarms, AFullBoardIsNotHandedOn) {
  Farms farms(layers_);
  std::unique_ptr<StepTree> tree = farms.take(a_);
  const std::string farm = tree->farm();
  tree->board().header().table_full = 1;
  farms.give_back(a_, std::move(tree));
  EXPECT_NE(farms.take(a_)->farm(), farm);
}

}  // namespace
}  // namespace cooper::ops
