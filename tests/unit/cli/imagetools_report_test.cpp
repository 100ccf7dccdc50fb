#include "cli/imagetools_report.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "oci/media_type.h"

namespace cooper::cli {
namespace {

using ::testing::HasSubstr;

oci::Descriptor manifest(const std::string& platform, const std::string& content) {
  oci::Descriptor one;
  one.media_type = oci::kMediaTypeManifest;
  one.digest = base::sha256(content);
  one.size = 3;
  one.platform =
      platform.empty() ? oci::Platform{"unknown", "unknown", "", "", {}} : oci::parse_platform(platform);
  return one;
}

transfer::InspectedImage index_of(const std::vector<oci::Descriptor>& manifests) {
  oci::Index index;
  index.media_type = oci::kMediaTypeIndex;
  index.manifests = manifests;
  index.serialize();
  transfer::InspectedImage image;
  image.name = "app:1";
  image.document = {index.media_type, index.raw, base::sha256(index.raw)};
  image.index = index;
  return image;
}

std::string config_of(const oci::Platform& platform) {
  return R"({"architecture":")" + platform.architecture + R"("})";
}

std::string no_config(const oci::Platform&) {
  ADD_FAILURE() << "nobody asked for a config";
  return "{}";
}

TEST(CliImagetoolsReport, HasTheLinesOfBuildx) {
  const transfer::InspectedImage image = index_of({manifest("linux/amd64", "a"), manifest("", "b")});
  const std::string text = render_imagetools(image);
  EXPECT_THAT(text, HasSubstr("Name:      docker.io/library/app:1\n"));
  EXPECT_THAT(text, HasSubstr("Digest:    " + image.document.digest.str() + "\n"));
  EXPECT_THAT(text, HasSubstr("  Name:      docker.io/library/app@" + base::sha256("a").str()));
  EXPECT_THAT(text, HasSubstr("  Platform:  unknown/unknown\n"));
}

TEST(CliImagetoolsReport, FetchesConfigsOnlyForThoseWhoWantThem) {
  const transfer::InspectedImage image =
      index_of({manifest("linux/amd64", "a"), manifest("linux/arm64", "b")});
  EXPECT_EQ(render_imagetools(image, "{{.Manifest.Digest}}", no_config), image.document.digest.str() + "\n");
  const auto all = nlohmann::json::parse(render_imagetools(image, "{{json .}}", config_of));
  EXPECT_EQ(all["name"], "docker.io/library/app:1");
  EXPECT_EQ(all["manifest"]["manifests"].size(), 2U);
  EXPECT_EQ(all["image"]["linux/arm64"]["architecture"], "arm64");
}

TEST(CliImagetoolsReport, MetadataSaysWhatWasMade) {
  const oci::Descriptor made = manifest("linux/amd64", "one");
  const std::string text = render_imagetools_metadata(made, "a.example/app:1,b.example/app:1");
  const nlohmann::json json = nlohmann::json::parse(text);
  EXPECT_EQ(json["containerimage.descriptor"]["size"], 3);
  EXPECT_EQ(json["containerimage.descriptor"]["digest"], made.digest.str());
  EXPECT_EQ(json["containerimage.digest"], made.digest.str());
  EXPECT_EQ(json["image.name"], "a.example/app:1,b.example/app:1");
  EXPECT_TRUE(text.ends_with("}\n"));
}

TEST(CliImagetoolsReport, AnIndexOfOnePlatformHasOneConfig) {
  const transfer::InspectedImage image = index_of({manifest("linux/amd64", "a"), manifest("", "b")});
  EXPECT_EQ(render_imagetools(image, "{{.Image.Architecture}}", config_of), "amd64\n");
}

}  // namespace
}  // namespace cooper::cli
