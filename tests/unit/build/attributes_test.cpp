#include "build/attributes.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "support/error_of.h"

namespace cooper::build {
namespace {

using support::error_of;
using ::testing::HasSubstr;

class BuildAttributes : public ::testing::Test {
 protected:
  std::map<std::string, std::string> values_ = {{"dest", "d"},    {"yes", "true"}, {"empty", ""}, {"no", "0"},
                                                {"odd", "maybe"}, {"n", "-7"},     {"x", "7x"}};
  Attributes attributes_{"output type=oci", values_};
};

TEST_F(BuildAttributes, EveryOneMustBeKnown) {
  attributes_.allow_only({"dest", "yes", "empty", "no", "odd", "n", "x"});
  base::Error error = error_of([&] { attributes_.allow_only({"dest"}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("output type=oci has no attribute 'empty'"));
  EXPECT_THAT(error.hint(), HasSubstr("dest"));
}

TEST_F(BuildAttributes, AreReadAsWhatTheyAre) {
  EXPECT_EQ(attributes_.text("dest"), "d");
  EXPECT_EQ(attributes_.text("none"), "");
  EXPECT_TRUE(attributes_.flag("yes", false));
  EXPECT_TRUE(attributes_.flag("empty", false));
  EXPECT_FALSE(attributes_.flag("no", true));
  EXPECT_TRUE(attributes_.flag("none", true));
  EXPECT_EQ(attributes_.number("n", 1), -7);
  EXPECT_EQ(attributes_.number("none", 1), 1);
  EXPECT_EQ(attributes_.without({"dest", "yes", "empty", "no", "odd"}).size(), 2U);
}

TEST_F(BuildAttributes, WhatIsNoValueIsRefusedByName) {
  EXPECT_THAT(error_of([&] { attributes_.flag("odd", true); }).message(), HasSubstr("odd=maybe"));
  EXPECT_THAT(error_of([&] { attributes_.number("x", 1); }).message(), HasSubstr("x=7x is not a number"));
  EXPECT_THAT(error_of([&] { attributes_.required("empty"); }).message(), HasSubstr("needs empty="));
}

TEST_F(BuildAttributes, NameACompression) {
  const auto options = [](std::map<std::string, std::string> values) {
    return compression_options(Attributes("it", values));
  };
  EXPECT_EQ(options({}), archive::CompressionOptions());
  EXPECT_EQ(options({{"compression", "zstd"}, {"compression-level", "3"}}),
            (archive::CompressionOptions{archive::Compression::kZstd, 3}));
  EXPECT_EQ(options({{"compression", "uncompressed"}}).type, archive::Compression::kNone);
  EXPECT_THAT(error_of([&] { options({{"compression", "lzma"}}); }).message(), HasSubstr("lzma"));
}

}  // namespace
}  // namespace cooper::build
