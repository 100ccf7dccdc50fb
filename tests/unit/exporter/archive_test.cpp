#include "exporter/archive.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <map>

#include "archive/tar_reader.h"
#include "oci/media_type.h"
#include "tests/unit/exporter/fixture.h"

namespace cooper::exporter {
namespace {

namespace fs = std::filesystem;
using support::error_of;
using support::LayerTar;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Members = std::map<std::string, std::string>;

Members read_tar(const std::string& path) {
  std::string bytes = os::read_file(path);
  base::MemorySource source{std::string_view(bytes)};
  archive::TarReader reader(source);
  Members members;
  while (auto entry = reader.next()) {
    std::string content(entry->size, '\0');
    std::size_t filled = 0;
    while (std::size_t count = reader.read(std::as_writable_bytes(std::span(content)).subspan(filled)))
      filled += count;
    EXPECT_TRUE(members.emplace(entry->path, std::move(content)).second) << "twice: " << entry->path;
  }
  return members;
}

class ExporterArchive : public ExporterFixture {
 protected:
  std::unique_ptr<Exporter> exporter(ArchiveKind kind, const std::string& name,
                                     std::vector<std::string> names = {}, bool as_directory = false) {
    ArchiveOutput output;
    output.kind = kind;
    output.destination.path = path(name);
    output.as_directory = as_directory;
    for (const std::string& one : names) output.names.push_back(oci::Reference::parse(one));
    return make_archive_exporter(std::move(output), layers_);
  }
  // Follows index → manifest → config and layers, checking every digest.
  static void expect_layout(const Members& members, const image::Image& image) {
    EXPECT_EQ(members.at("oci-layout"), R"({"imageLayoutVersion":"1.0.0"})");
    oci::Index index = oci::Index::parse(members.at("index.json"));
    ASSERT_FALSE(index.manifests.empty());
    for (const oci::Descriptor& named : index.manifests) {
      EXPECT_EQ(named.digest, image.manifest.descriptor().digest);
    }
    oci::Manifest manifest = oci::Manifest::parse(blob(members, index.manifests[0]));
    EXPECT_EQ(blob(members, manifest.config), image.config_json);
    ASSERT_EQ(manifest.layers.size(), image.layers.size());
    for (const oci::Descriptor& layer : manifest.layers) blob(members, layer);
  }
  static std::string blob(const Members& members, const oci::Descriptor& descriptor) {
    const std::string& content = members.at("blobs/sha256/" + descriptor.digest.hex());
    EXPECT_EQ(base::sha256(content), descriptor.digest);
    EXPECT_EQ(content.size(), descriptor.size);
    return content;
  }
};

TEST_F(ExporterArchive, WritesALayoutThatCanBeFollowed) {
  BuiltImages all = built({image({LayerTar().file("a", "one"), LayerTar().file("b", "two")})});
  std::string line = run(*exporter(ArchiveKind::kOci, "out.tar"), all);
  Members members = read_tar(path("out.tar"));
  expect_layout(members, all.images[0]);
  EXPECT_FALSE(members.contains("manifest.json"));
  EXPECT_THAT(line, HasSubstr(all.target().digest.str()));
  EXPECT_THAT(line, HasSubstr(path("out.tar")));
}

TEST_F(ExporterArchive, WritesTheSameLayoutAsADirectory) {
  BuiltImages all = built({image({LayerTar().file("a", "one")})});
  run(*exporter(ArchiveKind::kOci, "layout", {"app:1"}, true), all);
  Members members;
  for (const auto& item : fs::recursive_directory_iterator(path("layout"))) {
    if (item.is_regular_file())
      members[fs::relative(item.path(), path("layout"))] = os::read_file(item.path());
  }
  expect_layout(members, all.images[0]);
}

TEST_F(ExporterArchive, NamesStandInTheIndex) {
  BuiltImages all = built({image({LayerTar().file("a")})});
  run(*exporter(ArchiveKind::kOci, "out.tar", {"app:1", "example.com/app:2"}), all);
  oci::Index index = oci::Index::parse(read_tar(path("out.tar")).at("index.json"));
  ASSERT_EQ(index.manifests.size(), 2U);
  EXPECT_EQ(index.manifests[0].annotations.at("io.containerd.image.name"), "docker.io/library/app:1");
  EXPECT_EQ(index.manifests[0].annotations.at("org.opencontainers.image.ref.name"), "1");
  EXPECT_EQ(index.manifests[1].annotations.at("io.containerd.image.name"), "example.com/app:2");
}

TEST_F(ExporterArchive, DockerLoadFindsItsManifest) {
  BuiltImages all = built({image({LayerTar().file("a", "1"), LayerTar().file("b", "2")})});
  run(*exporter(ArchiveKind::kDocker, "out.tar", {"app:1"}), all);
  Members members = read_tar(path("out.tar"));
  expect_layout(members, all.images[0]);
  const oci::Manifest& manifest = all.images[0].manifest;
  EXPECT_EQ(members.at("manifest.json"), R"([{"Config":"blobs/sha256/)" + manifest.config.digest.hex() +
                                             R"(","RepoTags":["app:1"],"Layers":["blobs/sha256/)" +
                                             manifest.layers[0].digest.hex() + R"(","blobs/sha256/)" +
                                             manifest.layers[1].digest.hex() + R"("]}])");
}

TEST_F(ExporterArchive, ALayerThatIsUsedTwiceIsStoredOnce) {
  image::Image twice = image({LayerTar().file("a"), LayerTar().file("a")});
  ASSERT_EQ(twice.manifest.layers[0].digest, twice.manifest.layers[1].digest);
  BuiltImages all = built({twice});
  run(*exporter(ArchiveKind::kOci, "out.tar"), all);
  expect_layout(read_tar(path("out.tar")), twice);  // read_tar() complains about repeated members
}

TEST_F(ExporterArchive, SeveralPlatformsHangUnderOneIndex) {
  BuiltImages all =
      built({image({LayerTar().file("a")}, "linux/amd64"), image({LayerTar().file("a")}, "linux/arm64")});
  run(*exporter(ArchiveKind::kOci, "out.tar"), all);
  Members members = read_tar(path("out.tar"));
  oci::Index top = oci::Index::parse(members.at("index.json"));
  ASSERT_EQ(top.manifests.size(), 1U);
  EXPECT_EQ(top.manifests[0].media_type, oci::kMediaTypeIndex);
  oci::Index platforms = oci::Index::parse(blob(members, top.manifests[0]));
  ASSERT_EQ(platforms.manifests.size(), 2U);
  for (const oci::Descriptor& one : platforms.manifests) oci::Manifest::parse(blob(members, one));
}

TEST_F(ExporterArchive, AFailedExportLeavesNothing) {
  BuiltImages all =
      built({image({LayerTar().file("a")}, "linux/amd64"), image({LayerTar().file("a")}, "linux/arm64")});
  base::Error error = error_of([&] { run(*exporter(ArchiveKind::kDocker, "out.tar"), all); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
  for (const auto& item : fs::directory_iterator(directory_.path()))
    EXPECT_EQ(item.path().filename(), "store");
}

TEST_F(ExporterArchive, AFailedExportLeavesTheOldArchive) {
  os::write_file_atomically(path("out.tar"), "old");
  BuiltImages all = built({image({LayerTar().file("a")})});
  std::unique_ptr<Exporter> broken = exporter(ArchiveKind::kOci, "out.tar");
  // The layer was never handed over, so its blob is missing.
  EXPECT_EQ(error_of([&] { broken->finish(all, {}); }).kind(), base::ErrorKind::kIo);
  EXPECT_EQ(os::read_file(path("out.tar")), "old");
  run(*broken, all);
  expect_layout(read_tar(path("out.tar")), all.images[0]);
}

TEST_F(ExporterArchive, AnImageWithoutLayersIsFine) {
  BuiltImages all = built({image({})});
  run(*exporter(ArchiveKind::kDocker, "out.tar"), all);
  Members members = read_tar(path("out.tar"));
  expect_layout(members, all.images[0]);
  EXPECT_THAT(members.at("manifest.json"), HasSubstr(R"("RepoTags":[],"Layers":[])"));
}

}  // namespace
}  // namespace cooper::exporter
