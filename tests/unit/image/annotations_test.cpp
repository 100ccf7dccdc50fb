#include "image/annotations.h"

#include <gmock/gmock.h>

namespace cooper::image {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

const std::vector<Annotation> kAnnotations = {
    {AnnotationPlace::kManifest, oci::parse_platform("linux/arm64/v8"), "a", "arm"},
    {AnnotationPlace::kManifest, std::nullopt, "a", "any"},
    {AnnotationPlace::kManifest, std::nullopt, "b", "1"},
    {AnnotationPlace::kManifest, std::nullopt, "b", "2"},
    {AnnotationPlace::kIndex, std::nullopt, "i", "index"},
};

TEST(ImageAnnotations, ThoseOfThePlatformGoBeforeThoseOfAll) {
  auto at = [](const char* platform) {
    return annotations_at(kAnnotations, AnnotationPlace::kManifest, oci::parse_platform(platform));
  };
  EXPECT_THAT(at("linux/arm64"), ElementsAre(Pair("a", "arm"), Pair("b", "2")));
  EXPECT_THAT(at("linux/amd64"), ElementsAre(Pair("a", "any"), Pair("b", "2")));
}

TEST(ImageAnnotations, PlacesAreKeptApart) {
  EXPECT_THAT(annotations_at(kAnnotations, AnnotationPlace::kIndex), ElementsAre(Pair("i", "index")));
  EXPECT_TRUE(annotations_at(kAnnotations, AnnotationPlace::kIndexDescriptor).empty());
}

}  // namespace
}  // namespace cooper::image
