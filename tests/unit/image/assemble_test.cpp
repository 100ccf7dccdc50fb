#include "image/assemble.h"

#include <gtest/gtest.h>

#include "oci/media_type.h"
#include "support/error_of.h"

namespace cooper::image {
namespace {

using support::error_of;

ImageLayer layer(const std::string& content, std::int64_t created) {
  ImageLayer made;
  made.sealed.diff_id = base::sha256(content);
  made.sealed.blob.media_type = oci::kMediaTypeLayerGzip;
  made.sealed.blob.digest = base::sha256("gzip of " + content);
  made.sealed.blob.size = content.size();
  made.sealed.blob.annotations["not"] = "for the manifest";
  made.created = created;
  return made;
}

oci::History made_here(const std::string& created_by, bool empty_layer = false) {
  oci::History entry;
  entry.created_by = created_by;
  entry.comment = "buildkit.dockerfile.v0";
  entry.empty_layer = empty_layer;
  return entry;
}

oci::ImageConfig config(std::vector<oci::History> history) {
  oci::ImageConfig made;
  made.platform = oci::parse_platform("linux/arm64");
  made.history = std::move(history);
  return made;
}

oci::History of_base(const std::string& created) {
  oci::History entry;
  entry.created = created;
  entry.created_by = "/bin/sh -c #(nop) ADD file";
  return entry;
}

TEST(ImageAssemble, ManifestNamesConfigAndLayersInOrder) {
  Image image =
      assemble(config({made_here("COPY a"), made_here("COPY b")}), {layer("a", 10), layer("b", 20)}, {});
  EXPECT_EQ(image.manifest.media_type, oci::kMediaTypeManifest);
  EXPECT_EQ(image.manifest.config.media_type, oci::kMediaTypeConfig);
  EXPECT_EQ(image.manifest.config.digest, base::sha256(image.config_json));
  EXPECT_EQ(image.manifest.config.size, image.config_json.size());
  ASSERT_EQ(image.manifest.layers.size(), 2U);
  EXPECT_EQ(image.manifest.layers[0].digest, base::sha256("gzip of a"));
  EXPECT_TRUE(image.manifest.layers[0].annotations.empty());
  EXPECT_EQ(image.config.diff_ids, (std::vector<base::Digest>{base::sha256("a"), base::sha256("b")}));
  EXPECT_EQ(oci::ImageConfig::parse(image.config_json).diff_ids, image.config.diff_ids);
  oci::Manifest parsed = oci::Manifest::parse(image.manifest.raw);
  EXPECT_EQ(parsed.layers.size(), 2U);
  EXPECT_EQ(parsed.descriptor().digest, image.manifest.descriptor().digest);
}

TEST(ImageAssemble, EntriesGetTheTimeOfTheirLayer) {
  Image image = assemble(config({of_base("2020-01-01T00:00:00Z"), made_here("ENV", true), made_here("COPY a"),
                                 made_here("LABEL", true), made_here("COPY b"), made_here("CMD", true)}),
                         {layer("base", 0), layer("a", 100), layer("b", 200)}, {});
  const std::vector<oci::History>& history = image.config.history;
  EXPECT_EQ(history[0].created, "2020-01-01T00:00:00Z");
  EXPECT_EQ(history[1].created, oci::rfc3339(100)) << "before any new layer: that of the first";
  EXPECT_EQ(history[2].created, oci::rfc3339(100));
  EXPECT_EQ(history[3].created, oci::rfc3339(100)) << "no layer of its own: that of the one before";
  EXPECT_EQ(history[4].created, oci::rfc3339(200));
  EXPECT_EQ(history[5].created, oci::rfc3339(200));
  EXPECT_EQ(image.config.created, oci::rfc3339(200));
}

TEST(ImageAssemble, TheEpochIsTheTimeOfAllThatIsNew) {
  AssembleOptions options;
  options.epoch = 1'600'000'000;
  options.now = 1'800'000'000;
  Image image =
      assemble(config({of_base("2020-01-01T00:00:00Z"), made_here("COPY a"), made_here("CMD", true)}),
               {layer("base", 0), layer("a", 1'799'999'999)}, options);
  EXPECT_EQ(image.config.created, oci::rfc3339(1'600'000'000));
  EXPECT_EQ(image.config.history[0].created, "2020-01-01T00:00:00Z");
  EXPECT_EQ(image.config.history[1].created, oci::rfc3339(1'600'000'000));
  EXPECT_EQ(image.config.history[2].created, oci::rfc3339(1'600'000'000));
}

TEST(ImageAssemble, OnlyMetadataTakesTheTimeOfTheBuild) {
  AssembleOptions options;
  options.now = 1'700'000'000;
  Image image = assemble(config({made_here("ENV", true)}), {}, options);
  EXPECT_EQ(image.config.created, oci::rfc3339(1'700'000'000));
  EXPECT_EQ(image.config.history[0].created, oci::rfc3339(1'700'000'000));
  EXPECT_TRUE(image.manifest.layers.empty());
}

TEST(ImageAssemble, EntriesOfTheBaseWithoutATimeStaySo) {
  oci::History untimed = of_base("");
  untimed.comment = "made by another tool";
  Image image = assemble(config({untimed, made_here("COPY a")}), {layer("base", 0), layer("a", 50)}, {});
  EXPECT_EQ(image.config.history[0].created, "");
  EXPECT_EQ(image.config.history[1].created, oci::rfc3339(50));
}

TEST(ImageAssemble, ABaseMayLackHistory) {
  Image image = assemble(config({made_here("COPY a"), made_here("COPY b")}),
                         {layer("base1", 0), layer("base2", 0), layer("a", 70), layer("b", 80)}, {});
  EXPECT_EQ(image.config.history[0].created, oci::rfc3339(70));
  EXPECT_EQ(image.config.history[1].created, oci::rfc3339(80));
  EXPECT_EQ(image.manifest.layers.size(), 4U);
}

TEST(ImageAssemble, RefusesHistoryOfLayersThatAreNotThere) {
  base::Error error = error_of([] {
    assemble(config({made_here("COPY a"), made_here("COPY b")}), {layer("a", 1)}, {});
  });
  EXPECT_EQ(error.kind(), base::ErrorKind::kInternal);
  EXPECT_EQ(error.message(), "history speaks of 2 layers, the image has 1");
}

TEST(ImageAssemble, SpeaksDockersMediaTypes) {
  AssembleOptions options;
  options.docker_media_types = true;
  Image image = assemble(config({made_here("COPY a")}), {layer("a", 1)}, options);
  EXPECT_EQ(image.manifest.media_type, oci::kDockerManifest);
  EXPECT_EQ(image.manifest.config.media_type, oci::kDockerConfig);
  EXPECT_EQ(image.manifest.layers[0].media_type, oci::kDockerLayerGzip);
  ImageLayer zstd = layer("a", 1);
  zstd.sealed.blob.media_type = oci::kMediaTypeLayerZstd;
  EXPECT_EQ(error_of([&] { assemble(config({made_here("COPY a")}), {zstd}, options); }).kind(),
            base::ErrorKind::kUnsupported);
}

TEST(ImageAssemble, OneFamilyOfMediaTypesInOneManifest) {
  ImageLayer docker = layer("base", 0);
  docker.sealed.blob.media_type = oci::kDockerLayerGzip;
  Image image = assemble(config({made_here("COPY a")}), {docker, layer("a", 1)}, {});
  EXPECT_EQ(image.manifest.layers[0].media_type, oci::kMediaTypeLayerGzip);
  EXPECT_EQ(image.manifest.layers[1].media_type, oci::kMediaTypeLayerGzip);
}

TEST(ImageAssemble, SameInputsGiveTheSameBytes) {
  AssembleOptions options;
  options.epoch = 5;
  options.annotations = {{AnnotationPlace::kManifest, std::nullopt, "b", "2"},
                         {AnnotationPlace::kManifestDescriptor, std::nullopt, "d", "3"},
                         {AnnotationPlace::kManifest, std::nullopt, "a", "1"}};
  Image once = assemble(config({made_here("COPY a")}), {layer("a", 1)}, options);
  Image again = assemble(config({made_here("COPY a")}), {layer("a", 999)}, options);
  EXPECT_EQ(once.manifest.raw, again.manifest.raw);
  std::map<std::string, std::string> expected = {{"a", "1"}, {"b", "2"}};
  EXPECT_EQ(oci::Manifest::parse(once.manifest.raw).annotations, expected);
  expected = {{"d", "3"}};
  EXPECT_EQ(once.descriptor_annotations, expected);
}

TEST(ImageJoin, ListsImagesByPlatform) {
  Image arm = assemble(config({}), {}, {});
  oci::ImageConfig other = config({});
  other.platform = oci::parse_platform("linux/amd64");
  Image amd = assemble(other, {}, {});
  oci::Index index = join({arm, amd}, {});
  EXPECT_EQ(index.media_type, oci::kMediaTypeIndex);
  oci::Index parsed = oci::Index::parse(index.raw);
  ASSERT_EQ(parsed.manifests.size(), 2U);
  EXPECT_EQ(parsed.manifests[0].digest, arm.manifest.descriptor().digest);
  EXPECT_EQ(parsed.select(oci::parse_platform("linux/amd64"))->digest, amd.manifest.descriptor().digest);
  AssembleOptions docker;
  docker.docker_media_types = true;
  EXPECT_EQ(join({arm, amd}, docker).media_type, oci::kDockerManifestList);
}

TEST(ImageJoin, AnnotatesTheIndexAndItsDescriptors) {
  AssembleOptions options;
  options.annotations = {
      {AnnotationPlace::kIndex, std::nullopt, "i", "1"},
      {AnnotationPlace::kManifestDescriptor, oci::parse_platform("linux/amd64"), "d", "2"}};
  Image arm = assemble(config({}), {}, options);
  oci::ImageConfig other = config({});
  other.platform = oci::parse_platform("linux/amd64");
  oci::Index index = oci::Index::parse(join({arm, assemble(other, {}, options)}, options).raw);
  EXPECT_EQ(index.annotations.at("i"), "1");
  EXPECT_TRUE(index.manifests[0].annotations.empty());
  EXPECT_EQ(index.manifests[1].annotations.at("d"), "2");
}

}  // namespace
}  // namespace cooper::image
