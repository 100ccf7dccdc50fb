#include "transfer/unpack_layout.h"

#include <filesystem>
#include <gtest/gtest.h>

#include "support/error_of.h"
#include "support/layout_on_disk.h"
#include "transfer/oci_layout.h"

namespace cooper::transfer {
namespace {

using support::error_of;
using support::LayerTar;
namespace fs = std::filesystem;

class TransferUnpackLayout : public ::testing::Test {
 protected:
  void unpack(const LayerTar& tar) const {
    support::StringSource source(tar.bytes());
    unpack_layout(source, "image.tar", directory_.path(), {});
  }
  static LayerTar tar_of(const std::string& layout, const std::string& prefix = "") {
    LayerTar tar;
    for (const auto& file : fs::recursive_directory_iterator(layout)) {
      const std::string path = fs::relative(file.path(), layout).string();
      if (file.is_regular_file()) tar.file(prefix + path, os::read_file(file.path().string()));
    }
    return tar;
  }
  os::TempDir made_{::testing::TempDir(), "layout-"};
  os::TempDir directory_{::testing::TempDir(), "unpacked-"};
};

TEST_F(TransferUnpackLayout, GivesALayoutThatCanBeRead) {
  support::LayoutOnDisk layout(made_.path() + "/layout");
  const oci::Descriptor image = layout.add_image("file");
  layout.list(image);
  for (const char* prefix : {"", "./"}) {
    fs::remove_all(directory_.path());
    unpack(tar_of(layout.path(), prefix)
               .file(prefix + std::string("oci-layout"), "{}")
               .file("manifest.json", "[]"));
    EXPECT_EQ(
        OciLayout({directory_.path(), "", std::nullopt}).resolve(oci::parse_platform("linux/amd64")).digest,
        image.digest);
    EXPECT_FALSE(fs::exists(directory_.path() + "/manifest.json"));
  }
}

TEST_F(TransferUnpackLayout, NothingIsWrittenElsewhere) {
  unpack(LayerTar()
             .file("oci-layout", "{}")
             .file("index.json", "{}")
             .file("blobs/sha256/../../../outside", "x")
             .file("../outside", "x")
             .symlink("blobs/sha256/" + base::sha256("x").hex(), "/etc/passwd")
             .file("blobs/sha256/short", "x"));
  EXPECT_FALSE(fs::exists(directory_.path() + "/../outside"));
  EXPECT_TRUE(fs::is_empty(directory_.path() + "/blobs/sha256"));
}

TEST_F(TransferUnpackLayout, ATarWithoutALayoutIsNoImage) {
  const base::Error error =
      error_of([&] { unpack(LayerTar().file("manifest.json", "[]").file("index.json", "{}")); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kContext);
  EXPECT_EQ(error.message(), "'image.tar' holds no image in OCI layout");
}

}  // namespace
}  // namespace cooper::transfer
