#include "snapshot/layer_size.h"

#include "os/disk_usage.h"
#include "store/usage.h"
#include "support/layer_fixture.h"

namespace cooper::snapshot {
namespace {

class SnapshotLayerSize : public support::LayerFixture {};

TEST_F(SnapshotLayerSize, IsAboutWhatAWalkFinds) {
  support::LayerTar tar;
  for (int i = 0; i < 50; ++i) {
    std::string directory = "directory" + std::to_string(i);
    tar.directory(directory)
        .file(directory + "/small", "x")
        .file(directory + "/large", std::string(10'000, 'x'));
    tar.symlink(directory + "/link", "small").hardlink(directory + "/same", directory + "/large");
    tar.file(directory + "-implied/file", std::string(4096, 'x'));
  }
  LayerPtr made = layer(tar);
  auto walked = static_cast<double>(os::tree_usage(made->tree()));
  EXPECT_NEAR(static_cast<double>(disk_size(made->index())), walked, walked / 10);
}

TEST_F(SnapshotLayerSize, IsWrittenWhenALayerIsPublished) {
  LayerPtr made = layer(support::LayerTar().file("a", std::string(100'000, 'x')));
  std::string path = store::layer_size_path(*store_, made->id());
  EXPECT_EQ(store::parse_size(os::read_file(path)), disk_size(made->index()));
}

TEST_F(SnapshotLayerSize, NothingTakesADirectory) {
  EXPECT_EQ(disk_size(LayerIndex()), os::kBlockUsage + os::kInodeUsage);
}

}  // namespace
}  // namespace cooper::snapshot
