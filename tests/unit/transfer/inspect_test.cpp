#include "transfer/inspect.h"

#include "fixture.h"

namespace cooper::transfer {
namespace {

using support::error_of;
using ::testing::HasSubstr;

class TransferInspect : public TransferFixture {};

TEST_F(TransferInspect, ReadsAnImageWithoutItsLayers) {
  oci::Manifest manifest = add_image("app", "linux/arm64", {"one"}, "1");
  InspectedImage image = inspect_image(*place("app:1"), {}, {});
  EXPECT_EQ(image.document.digest, manifest.descriptor().digest);
  ASSERT_TRUE(image.config);
  EXPECT_EQ(image.config->platform.str(), "linux/arm64");
  EXPECT_EQ(registry_.server().count("GET", manifest.layers[0].digest.str()), 0U);
}

TEST_F(TransferInspect, ReadsAnIndexAndOnePlatformOfIt) {
  oci::Manifest amd = add_image("app", "linux/amd64", {"amd"});
  oci::Manifest arm = add_image("app", "linux/arm64", {"arm"});
  add_index("app", "1", {{"linux/amd64", amd}, {"linux/arm64", arm}});
  EXPECT_EQ(inspect_image(*place("app:1"), {}, {}).index->manifests.size(), 2U);
  InspectedImage image = inspect_image(*place("app:1"), oci::parse_platform("linux/arm64"), {});
  EXPECT_EQ(image.document.digest, arm.descriptor().digest);
  base::Error error =
      error_of([&] { inspect_image(*place("app:1"), oci::parse_platform("linux/riscv64"), {}); });
  EXPECT_THAT(error.summary(), HasSubstr("linux/riscv64"));
}

TEST_F(TransferInspect, AnArtifactHasNoImageConfig) {
  oci::Manifest artifact;
  artifact.media_type = oci::kMediaTypeManifest;
  artifact.artifact_type = "application/vnd.example";
  artifact.config = registry_.add_blob("app", "{}", "application/vnd.oci.empty.v1+json");
  artifact.serialize();
  registry_.add_manifest("app", "sbom", artifact.media_type, artifact.raw);
  InspectedImage image = inspect_image(*place("app:sbom"), {}, {});
  EXPECT_FALSE(image.config);
  EXPECT_EQ(image.config_json, "{}");
}

}  // namespace
}  // namespace cooper::transfer
