#include "build/image_shape.h"

#include <gmock/gmock.h>

#include "snapshot/merged_view.h"
#include "support/layer_fixture.h"

namespace cooper::build {
namespace {

using support::LayerTar;
using ::testing::ElementsAre;

class BuildImageShape : public support::LayerFixture {
 protected:
  BuildImageShape() {
    layers_of_image_ = {{layer(LayerTar().file("base", "0")), {}, 0},
                        {layer(LayerTar().file("one", "1").file("secret", "1")), {}, 100},
                        {layer(LayerTar().file(".wh.secret").file("two", "2")), {}, 200}};
    for (const bool is_empty : {false, false, true, false, true}) {
      oci::History entry;
      entry.empty_layer = is_empty;
      config_.history.push_back(entry);
    }
  }
  void shape(const ImageShape& shape) {
    shape_layers(shape, 1, 1, layers_of_image_, config_, layers_, pool_, {});
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    snapshot::LayerStack stack;
    for (const image::ImageLayer& one : layers_of_image_) stack.push_back(one.layer);
    for (const snapshot::Entry& entry : snapshot::MergedView(stack).list("")) names.push_back(entry.path);
    return names;
  }
  std::vector<bool> empty_layers() const {
    std::vector<bool> list;
    for (const oci::History& entry : config_.history) list.push_back(entry.empty_layer);
    return list;
  }
  std::vector<image::ImageLayer> layers_of_image_;
  oci::ImageConfig config_;
};

TEST_F(BuildImageShape, AllStepsBecomeOneLayerUponTheBase) {
  const snapshot::LayerPtr base = layers_of_image_[0].layer;
  shape({true, {}});
  ASSERT_EQ(layers_of_image_.size(), 2U);
  EXPECT_EQ(layers_of_image_[0].layer, base);
  EXPECT_EQ(layers_of_image_[1].created, 200);
  EXPECT_THAT(files(), ElementsAre("base", "one", "two"));
  EXPECT_EQ(layers_of_image_[1].layer->index().find("secret")->type, snapshot::EntryType::kWhiteout);
  EXPECT_THAT(empty_layers(), ElementsAre(false, true, true, false, true));
}

TEST_F(BuildImageShape, PathsAreLeftOutOfEachLayerAndOfNoneOfTheBase) {
  shape({false, {"/one", "/base"}});
  ASSERT_EQ(layers_of_image_.size(), 3U);
  EXPECT_THAT(files(), ElementsAre("base", "two"));
  EXPECT_EQ(layers_of_image_[1].created, 100);
  EXPECT_THAT(empty_layers(), ElementsAre(false, false, true, false, true));
}

TEST_F(BuildImageShape, AnImageThatIsItsBaseStaysSo) {
  layers_of_image_.resize(1);
  shape({true, {}});
  EXPECT_EQ(layers_of_image_.size(), 1U);
}

}  // namespace
}  // namespace cooper::build
