#include "snapshot/verify.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>

#include "support/layer_fixture.h"

namespace cooper::snapshot {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class SnapshotVerify : public support::LayerFixture {
 protected:
  void SetUp() override {
    support::LayerTar tar;
    tar.directory("etc")
        .file("etc/motd", "hello")
        .symlink("etc/link", "nowhere")
        .hardlink("etc/same", "etc/motd");
    tar.file("etc/.wh.gone").file("implied/file", "x");
    tree_ = layer(tar)->tree();
  }
  std::string damage() const {
    store::Usage usage = store::measure_usage(*store_);
    for (const store::Item& item : usage.items) {
      if (item.kind == store::ItemKind::kLayer && item.has_index) return find_layer_damage(item);
    }
    return "no layer";
  }
  std::string index() const { return store_->layer_path(fs::path(tree_).filename()) + "/index"; }
  std::string tree_;
};

TEST_F(SnapshotVerify, ALayerIsWholeAsItWasUnpacked) {
  EXPECT_EQ(damage(), "");
}

TEST_F(SnapshotVerify, FindsAFileOfAnotherSize) {
  std::ofstream(tree_ + "/etc/motd", std::ios::app) << "!";
  EXPECT_THAT(damage(), HasSubstr("'etc/motd' has 6 bytes, not 5"));
}

TEST_F(SnapshotVerify, FindsWhatIsMissingOrAnotherThing) {
  fs::remove(tree_ + "/etc/link");
  EXPECT_THAT(damage(), HasSubstr("cannot examine 'etc/link'"));
  fs::create_directory(tree_ + "/etc/link");
  EXPECT_THAT(damage(), HasSubstr("'etc/link' is of another type"));
}

TEST_F(SnapshotVerify, FindsALayerWithoutATree) {
  fs::rename(tree_, tree_ + "-elsewhere");
  EXPECT_EQ(damage(), "its bytes are missing");
}

TEST_F(SnapshotVerify, FindsAPackOfAnotherSize) {
  std::ofstream(fs::path(index()).parent_path() / "pack") << "hello";
  EXPECT_THAT(damage(), HasSubstr("/pack' has 5 bytes instead of 6"));
}

TEST_F(SnapshotVerify, FindsADamagedIndex) {
  fs::resize_file(index(), fs::file_size(index()) - 1);
  EXPECT_THAT(damage(), HasSubstr("layer index is damaged"));
}

}  // namespace
}  // namespace cooper::snapshot
