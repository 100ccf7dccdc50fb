#include "exporter/registry.h"

#include <gmock/gmock.h>

#include "oci/media_type.h"
#include "support/fake_client.h"
#include "tests/unit/exporter/fixture.h"

namespace cooper::exporter {
namespace {

using support::LayerTar;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Key;
using ::testing::UnorderedElementsAre;

class ExporterRegistry : public ExporterFixture {
 protected:
  std::unique_ptr<Exporter> exporter(std::vector<std::string> names, bool by_digest = false) {
    RegistryOutput output;
    output.by_digest = by_digest;
    for (const std::string& name : names) output.names.push_back(oci::Reference::parse(name));
    return make_registry_exporter(std::move(output), client_, layers_, places_);
  }
  std::shared_ptr<support::FakeClient> client_ = std::make_shared<support::FakeClient>();
  std::shared_ptr<registry::BlobPlaces> places_ = std::make_shared<registry::BlobPlaces>();
};

TEST_F(ExporterRegistry, PushesBlobsThenTheTag) {
  BuiltImages all = built({image({LayerTar().file("a", "1")})});
  const oci::Manifest& manifest = all.images[0].manifest;
  std::string line = run(*exporter({"r.example/app:1"}), all);
  EXPECT_THAT(client_->pushed,
              ElementsAre("blob r.example/app " + manifest.layers[0].digest.str(),
                          "blob r.example/app " + manifest.config.digest.str(), "manifest r.example/app:1"));
  EXPECT_EQ(client_->pushed_manifests.at("r.example/app:1").raw, manifest.raw);
  for (const auto& [digest, bytes] : client_->blobs) EXPECT_EQ(base::sha256(bytes), digest);
  EXPECT_EQ(line, "pushed r.example/app:1 as " + manifest.descriptor().digest.str());
}

TEST_F(ExporterRegistry, TagsOfOneRepositoryShareItsBlobs) {
  BuiltImages all = built({image({LayerTar().file("a", "1")})});
  run(*exporter({"r.example/app:1", "r.example/app:latest", "other.example/app:1"}), all);
  EXPECT_EQ(client_->pushed.size(), 4U + 3U) << "two blobs to each of two repositories, three tags";
  EXPECT_THAT(
      client_->pushed_manifests,
      UnorderedElementsAre(Key("r.example/app:1"), Key("r.example/app:latest"), Key("other.example/app:1")));
}

// Refuses manifests in a registry's words.
class RefusingClient final : public support::FakeClient {
 public:
  explicit RefusingClient(std::string words) : words_(std::move(words)) {}
  void push_manifest(const oci::Reference&, const std::string&, const std::string&,
                     const std::stop_token&) override {
    throw base::Error(base::ErrorKind::kRegistry, words_);
  }

 private:
  const std::string words_;
};

TEST_F(ExporterRegistry, ATagThatMustNotBeMovedMayCountAsPushed) {
  BuiltImages all = built({image({LayerTar().file("a", "1")})});
  auto push = [&](const std::string& words, bool ignore) {
    RegistryOutput output;
    output.names = {oci::Reference::parse("r.example/app:1")};
    output.ignore_immutable = ignore;
    run(*make_registry_exporter(std::move(output), std::make_shared<RefusingClient>(words), layers_, places_),
        all);
  };
  for (const char* words :
       {"400: The image tag '1' already exists in the 'app' repository and cannot be overwritten because "
        "the repository is immutable.",
        "400: cannot update tag 1. The repository has enabled tag immutability",
        "412: Failed to process request due to 'app:1' configured as immutable."}) {
    EXPECT_NO_THROW(push(words, true)) << words;
    EXPECT_THROW(push(words, false), base::Error) << words;
  }
  EXPECT_THROW(push("404: no repository 'immutable'", true), base::Error);
}

TEST_F(ExporterRegistry, PlatformsGoByDigestBeforeTheirIndex) {
  BuiltImages all =
      built({image({LayerTar().file("a")}, "linux/amd64"), image({LayerTar().file("b")}, "linux/arm64")});
  run(*exporter({"r.example/app:1"}), all);
  ASSERT_GE(client_->pushed.size(), 3U);
  EXPECT_EQ(client_->pushed.back(), "manifest r.example/app:1");
  for (const image::Image& one : all.images) {
    EXPECT_THAT(client_->pushed,
                Contains("manifest r.example/app@" + one.manifest.descriptor().digest.str()));
  }
  EXPECT_EQ(client_->pushed_manifests.at("r.example/app:1").media_type, oci::kMediaTypeIndex);
}

TEST_F(ExporterRegistry, ByDigestTouchesNoTag) {
  BuiltImages all = built({image({LayerTar().file("a")})});
  run(*exporter({"r.example/app:1"}, true), all);
  EXPECT_THAT(client_->pushed_manifests, ElementsAre(Key("r.example/app@" + all.target().digest.str())));
}

TEST_F(ExporterRegistry, BaseLayersAreMountedFromTheirRepository) {
  BuiltImages all = built({image({LayerTar().file("base"), LayerTar().file("new")})});
  const oci::Manifest& manifest = all.images[0].manifest;
  places_->note(manifest.layers[0].digest, oci::Reference::parse("r.example/library/base:1"));
  run(*exporter({"r.example/app:1", "elsewhere.example/app:1"}), all);
  std::string digest = manifest.layers[0].digest.str();
  EXPECT_THAT(client_->pushed, Contains("blob r.example/app " + digest + " from library/base"));
  EXPECT_THAT(client_->pushed, Contains("blob elsewhere.example/app " + digest))
      << "another host has nothing to mount";
  EXPECT_THAT(client_->pushed, Contains("blob r.example/app " + manifest.layers[1].digest.str()));
}

TEST_F(ExporterRegistry, NothingIsFetchedThatTheRegistryHas) {
  client_->has_already = true;
  support::Blob blob = support::make_blob(LayerTar().file("a").bytes());
  snapshot::LayerPtr untouchable = layers_.declare(
      blob.sealed, [](const oci::Descriptor&, const std::stop_token&) -> std::unique_ptr<base::ByteSource> {
        throw base::Error(base::ErrorKind::kInternal, "was fetched");
      });
  auto output = exporter({"r.example/app:1"});
  EXPECT_NO_THROW(output->receive_layer(untouchable, {})->complete(blob.sealed));
  EXPECT_FALSE(store_->has_blob(blob.sealed.blob.digest));
}

// A layer made here with one file of `size` bytes that do not compress.
class ExporterRegistryStreaming : public ExporterRegistry {
 protected:
  snapshot::LayerPtr made(std::size_t size) {
    snapshot::Staging staging = layers_.begin();
    std::string bytes(size, 0);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((i * i) >> 3U);
    os::write_file_atomically(staging.tree() + "/file", bytes);
    snapshot::Entry entry;
    entry.path = "file";
    entry.mode = 0644;
    entry.size = size;
    return layers_.commit(std::move(staging), snapshot::LayerIndex({entry}));
  }
  snapshot::SealedLayer deliver(Exporter& output, const snapshot::LayerPtr& layer) {
    image::Sealer::OpenReceivers open = [&](const snapshot::LayerPtr& one, const std::stop_token& stop) {
      image::Sealer::Receivers receivers;
      receivers.push_back(output.receive_layer(one, stop));
      return receivers;
    };
    return image::Sealer(layers_, {}, open, 1).wait(layer, {});
  }
  static constexpr std::size_t kLarge = 9 << 20;
};

TEST_F(ExporterRegistryStreaming, ALargeLayerIsSentWhileItIsCompressed) {
  auto output = exporter({"r.example/app:1", "other.example/app:1"});
  snapshot::SealedLayer sealed = deliver(*output, made(kLarge));
  EXPECT_THAT(client_->pushed, ElementsAre("stream r.example/app " + sealed.blob.digest.str(),
                                           "stream other.example/app " + sealed.blob.digest.str()));
  EXPECT_EQ(base::sha256(client_->blobs.at(sealed.blob.digest)), sealed.blob.digest);
}

TEST_F(ExporterRegistryStreaming, ASmallLayerIsAskedForFirst) {
  auto output = exporter({"r.example/app:1"});
  snapshot::SealedLayer sealed = deliver(*output, made(1000));
  EXPECT_THAT(client_->pushed, ElementsAre("blob r.example/app " + sealed.blob.digest.str()));
}

TEST_F(ExporterRegistryStreaming, ABrokenStreamIsFollowedByAnOrdinaryPush) {
  client_->streams_break = true;
  auto output = exporter({"r.example/app:1"});
  snapshot::SealedLayer sealed = deliver(*output, made(kLarge));
  EXPECT_THAT(client_->pushed, ElementsAre("blob r.example/app " + sealed.blob.digest.str()));
  EXPECT_EQ(base::sha256(client_->blobs.at(sealed.blob.digest)), sealed.blob.digest);
}

TEST_F(ExporterRegistryStreaming, WhatIsSealedAlreadyIsNotStreamed) {
  snapshot::LayerPtr layer = made(kLarge);
  snapshot::SealedLayer sealed = layers_.seal(*layer, {}, nullptr, {});
  auto output = exporter({"r.example/app:1"});
  deliver(*output, layer);
  output->expect_new_image();
  output.reset();
  EXPECT_THAT(client_->pushed, ElementsAre("blob r.example/app " + sealed.blob.digest.str()));
}

// Nothing was made, so the registry may have the whole image: only its tag is pushed then.
TEST_F(ExporterRegistry, AnImageThatIsThereCostsItsTag) {
  BuiltImages all = built({image({LayerTar().file("a", "1")})});
  const oci::Manifest& manifest = all.images[0].manifest;
  client_->add_manifest("r.example/app:old", manifest.media_type, manifest.raw);
  run(*exporter({"r.example/app:new"}), all);
  EXPECT_THAT(client_->pushed, ElementsAre("manifest r.example/app:new"));
}

TEST_F(ExporterRegistry, ANewImageGoesUpEvenWhereAnotherRepositoryHasIt) {
  BuiltImages all = built({image({LayerTar().file("a", "1")})});
  const oci::Manifest& manifest = all.images[0].manifest;
  client_->add_manifest("r.example/app:old", manifest.media_type, manifest.raw);
  run(*exporter({"r.example/app:new", "other.example/app:new"}), all);
  EXPECT_THAT(client_->pushed, Contains("blob other.example/app " + manifest.layers[0].digest.str()));
}

}  // namespace
}  // namespace cooper::exporter
