#include "transfer/oci_layout.h"

#include <fstream>
#include <gmock/gmock.h>

#include "support/error_of.h"
#include "support/layout_on_disk.h"

namespace cooper::transfer {
namespace {

using support::error_of;
using ::testing::HasSubstr;

TEST(TransferLayoutName, ReadsPathTagAndDigest) {
  std::string digest = base::sha256("x").str();
  struct Case {
    std::string text;
    std::string path;
    std::string tag;
    bool has_digest;
  };
  for (const Case& one : std::vector<Case>{{"dir", "dir", "", false},
                                           {"dir:1.0", "dir", "1.0", false},
                                           {"/a:b/dir", "/a:b/dir", "", false},
                                           {"/a:b/dir:t", "/a:b/dir", "t", false},
                                           {"dir@" + digest, "dir", "", true},
                                           {"dir:t@" + digest, "dir", "t", true}}) {
    LayoutName name = LayoutName::parse(one.text);
    EXPECT_EQ(name.path, one.path);
    EXPECT_EQ(name.tag, one.tag);
    EXPECT_EQ(name.digest.has_value(), one.has_digest);
    EXPECT_EQ(name.str(), "oci-layout://" + one.text);
  }
  for (const char* text : {"", ":tag", "dir@sha256:12"}) {
    EXPECT_EQ(error_of([&] { LayoutName::parse(text); }).kind(), base::ErrorKind::kUsage) << text;
  }
}

class TransferOciLayout : public ::testing::Test {
 protected:
  base::Digest resolved(const std::string& suffix, const std::string& platform = "linux/amd64") {
    return OciLayout(LayoutName::parse(layout_.path() + suffix))
        .resolve(oci::parse_platform(platform))
        .digest;
  }
  base::Error resolve_error(const std::string& suffix) {
    return error_of([&] { resolved(suffix); });
  }
  os::TempDir directory_{::testing::TempDir(), "layout-"};
  support::LayoutOnDisk layout_{directory_.path() + "/layout"};
};

TEST_F(TransferOciLayout, TheOnlyImageNeedsNoTag) {
  oci::Descriptor image = layout_.add_image("a");
  layout_.list(image, "odd-name");
  EXPECT_EQ(resolved(""), image.digest);
  EXPECT_EQ(resolved(":odd-name"), image.digest);
  EXPECT_EQ(resolved("@" + image.digest.str()), image.digest);
}

TEST_F(TransferOciLayout, AmongSeveralTheTagDecides) {
  oci::Descriptor one = layout_.add_image("one");
  oci::Descriptor two = layout_.add_image("two");
  layout_.list(one, "1");
  layout_.list(two, "2");
  EXPECT_EQ(resolved(":2"), two.digest);
  base::Error error = resolve_error("");
  EXPECT_EQ(error.kind(), base::ErrorKind::kContext);
  EXPECT_THAT(error.message(), HasSubstr(layout_.path()));
  EXPECT_EQ(error.hint(), "choose among the tags 1, 2");
  EXPECT_EQ(resolve_error(":3").hint(), "choose among the tags 1, 2");
  layout_.list(one, "latest");
  EXPECT_EQ(resolved(""), one.digest);
}

TEST_F(TransferOciLayout, SeveralOfOneNameAreToldApartByPlatform) {
  oci::Descriptor amd = layout_.add_image("amd");
  oci::Descriptor arm = layout_.add_image("arm", "linux/arm64");
  layout_.list(amd, "", "linux/amd64");
  layout_.list(arm, "", "linux/arm64");
  EXPECT_EQ(resolved("", "linux/arm64"), arm.digest);
  EXPECT_THAT(error_of([&] { resolved("", "linux/s390x"); }).message(), HasSubstr("linux/s390x"));
}

TEST_F(TransferOciLayout, SaysWhatIsNoLayout) {
  EXPECT_THAT(resolve_error("").message(), HasSubstr("index.json"));
  EXPECT_THAT(resolve_error("-gone").message(), HasSubstr("does not exist"));
  std::ofstream(layout_.path() + ".tar") << "x";
  base::Error error = resolve_error(".tar");
  EXPECT_THAT(error.message(), HasSubstr("is not a directory"));
  EXPECT_THAT(error.hint(), HasSubstr("unpack"));
  std::ofstream(layout_.path() + "/index.json") << "{";
  EXPECT_EQ(resolve_error("").kind(), base::ErrorKind::kCorrupt);
}

}  // namespace
}  // namespace cooper::transfer
