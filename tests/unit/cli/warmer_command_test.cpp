#include "cli/warmer_command.h"

#include <gmock/gmock.h>

#include "support/error_of.h"

namespace cooper::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

const oci::Platform kPlatform = oci::parse_platform("linux/amd64");

TEST(CliWarmer, FindsTheImagesOfAllStages) {
  const auto images = images_of_all_stages(
      "ARG TAG=1\nFROM a:${TAG} AS one\nFROM one AS two\nFROM scratch AS three\nCOPY --from=c /x /x\n"
      "FROM --platform=linux/arm64 b\nFROM a:1\n",
      "Dockerfile", {}, kPlatform);
  EXPECT_THAT(images, ElementsAre(Pair("a:1", kPlatform), Pair("b", oci::parse_platform("linux/arm64")),
                                  Pair("c", kPlatform)));
}

TEST(CliWarmer, ArgumentsChooseAmongThem) {
  EXPECT_THAT(images_of_all_stages("ARG TAG\nFROM a:${TAG}\n", "Dockerfile", {"TAG=2"}, kPlatform),
              ElementsAre(Pair("a:2", kPlatform)));
}

TEST(CliWarmer, AMistakeInTheDockerfileIsSaid) {
  EXPECT_EQ(support::error_of([] { images_of_all_stages("COPYP x\n", "Dockerfile", {}, kPlatform); }).kind(),
            base::ErrorKind::kDockerfile);
}

}  // namespace
}  // namespace cooper::cli
