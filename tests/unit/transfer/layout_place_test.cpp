#include "transfer/layout_place.h"

#include <filesystem>
#include <fstream>

#include "fixture.h"
#include "os/fd.h"
#include "transfer/copy.h"

namespace cooper::transfer {
namespace {

using support::error_of;
using ::testing::HasSubstr;

class TransferLayoutPlace : public TransferFixture {
 protected:
  std::string path(const std::string& name) const { return directory_.path() + "/out/" + name; }
  oci::Index listed() const { return oci::Index::parse(os::read_file(path("index.json"))); }
};

TEST_F(TransferLayoutPlace, WritesALayoutThatItReads) {
  oci::Manifest image = add_image("app", "linux/amd64", {"one"}, "1");
  copy_image(*place("app:1"), *layout("out:v1"), {}, {});
  EXPECT_EQ(os::read_file(path("oci-layout")), R"({"imageLayoutVersion":"1.0.0"})");
  EXPECT_EQ(layout("out:v1")->find({})->raw, image.raw);
  EXPECT_EQ(layout("out:v1")->find({})->media_type, image.media_type);
}

TEST_F(TransferLayoutPlace, ATagIsMovedAndOthersStay) {
  add_image("app", "linux/amd64", {"one"}, "1");
  oci::Manifest two = add_image("app", "linux/amd64", {"two"}, "2");
  copy_image(*place("app:1"), *layout("out:latest"), {}, {});
  copy_image(*place("app:1"), *layout("out:old"), {}, {});
  copy_image(*place("app:2"), *layout("out:latest"), {}, {});
  EXPECT_EQ(listed().manifests.size(), 2U);
  EXPECT_EQ(layout("out:latest")->find({})->digest, two.descriptor().digest);
}

TEST_F(TransferLayoutPlace, ABlobThatIsNotWhatItShouldBeLeavesNothing) {
  const oci::Descriptor blob = registry_.add_blob("app", "content");
  std::unique_ptr<ImagePlace> source = layout("source");
  std::filesystem::create_directories(directory_.path() + "/source/blobs/sha256");
  std::ofstream(directory_.path() + "/source/blobs/sha256/" + blob.digest.hex()) << "forged!";
  base::Error error = error_of([&] { layout("out")->put_blob(blob, *source, {}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kCorrupt);
  EXPECT_THAT(error.summary(), HasSubstr(blob.digest.str()));
  for (const auto& item : std::filesystem::recursive_directory_iterator(directory_.path() + "/out"))
    EXPECT_TRUE(item.is_directory() || item.path().filename() == "oci-layout") << item.path();
}

TEST_F(TransferLayoutPlace, SaysWhatIsNotThere) {
  EXPECT_THAT(error_of([&] { layout("out:1")->find({}); }).summary(), HasSubstr("does not exist"));
}

}  // namespace
}  // namespace cooper::transfer
