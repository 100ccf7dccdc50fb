#include "cache/registry_backend.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <set>

#include "oci/manifest.h"
#include "support/cache_backend_suite.h"
#include "support/fake_client.h"

namespace cooper::cache {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct RegistryWorld {
  std::shared_ptr<support::FakeClient> client = std::make_shared<support::FakeClient>();
  std::map<base::Digest, std::string> blobs;
  std::string scope;
  std::map<base::Digest, std::string> known_in;  // blob → repository
  std::set<base::Digest> present;                // known to be in the cache's own repository

  BlobProvider provider() {
    return {
        [this](const oci::Descriptor& blob, const std::stop_token&) -> std::unique_ptr<base::ByteSource> {
          return std::make_unique<support::StringSource>(blobs.at(blob.digest));
        },
        [this](const oci::Descriptor& blob, const oci::Reference&) { return present.contains(blob.digest); },
        [this](const oci::Descriptor& blob, const oci::Reference& target) {
          auto found = known_in.find(blob.digest);
          return target.host == "r.example" && found != known_in.end() ? found->second : std::string();
        }};
  }
  std::unique_ptr<Backend> open() {
    return std::make_unique<RegistryBackend>(
        client, RegistryPlace{oci::Reference::parse("r.example/team/cache:ignored"), scope}, provider());
  }
  oci::Descriptor add_blob(const std::string& data) {
    oci::Descriptor blob;
    blob.media_type = "application/vnd.oci.image.layer.v1.tar+gzip";
    blob.digest = base::sha256(data);
    blob.size = data.size();
    blobs[blob.digest] = data;
    return blob;
  }
  std::string tag(const base::Digest& key) const { return "r.example/team/cache:c-" + key.hex(); }
  void damage(const DocumentName& name) {
    registry::RawManifest& manifest = client->manifests.at("r.example/team/cache:c-" + name.id);
    manifest.raw.replace(manifest.raw.find("dev.cooper"), 3, "xyz");
  }
};

class CacheRegistry : public ::testing::Test {
 protected:
  Record record(const std::string& name) {
    return test::full_record(name, world_.add_blob("blob of " + name));
  }
  Records open() {
    return {world_.open(), [this](const std::string& text) { heard_.push_back(text); }};
  }
  RegistryWorld world_;
  std::vector<std::string> heard_;
};

TEST_F(CacheRegistry, ARecordIsOneOrdinaryManifestWithItsLayer) {
  Record record = this->record("a");
  open().put(record, {});
  oci::Manifest manifest = oci::Manifest::parse(world_.client->manifests.at(world_.tag(record.key)).raw);
  ASSERT_EQ(manifest.layers.size(), 1U);
  EXPECT_EQ(manifest.layers[0].digest, record.blob->digest);
  EXPECT_TRUE(world_.client->blobs.contains(record.blob->digest));
  EXPECT_TRUE(world_.client->blobs.contains(manifest.config.digest));
}

TEST_F(CacheRegistry, FindingTakesOneRequest) {
  Record record = this->record("a");
  open().put(record, {});
  world_.client->asked.clear();
  EXPECT_TRUE(open().find(record.key, {}));
  EXPECT_THAT(world_.client->asked, ElementsAre("manifest " + world_.tag(record.key)));
}

TEST_F(CacheRegistry, ALayerOfTheImageIsMounted) {
  Record record = this->record("a");
  world_.known_in[record.blob->digest] = "team/app";
  open().put(record, {});
  EXPECT_THAT(world_.client->pushed,
              Contains("blob r.example/team/cache " + record.blob->digest.str() + " from team/app"));
}

TEST_F(CacheRegistry, WhatIsKnownToBeThereIsNotAskedFor) {
  Record record = this->record("a");
  world_.present.insert(record.blob->digest);
  open().put(record, {});
  EXPECT_FALSE(world_.client->blobs.contains(record.blob->digest));
  EXPECT_TRUE(open().find(record.key, {}));
}

TEST_F(CacheRegistry, ABlobIsAskedForOnce) {
  Record record = this->record("a");
  record.content_key = base::sha256("content");
  open().put(record, {});
  EXPECT_EQ(std::count(world_.client->pushed.begin(), world_.client->pushed.end(),
                       "blob r.example/team/cache " + record.blob->digest.str()),
            1);
}

TEST_F(CacheRegistry, ScopesDoNotSeeEachOther) {
  Record record = this->record("a");
  world_.scope = "branch";
  Records branch = open();
  branch.put(record, {});
  EXPECT_THAT(branch.name(), HasSubstr("branch"));
  EXPECT_TRUE(branch.find(record.key, {}));
  EXPECT_THAT(branch.backend().list(DocumentKind::kRecord, {}), ElementsAre(record.key.hex()));
  world_.scope = "";
  EXPECT_FALSE(open().find(record.key, {}));
  EXPECT_THAT(open().backend().list(DocumentKind::kRecord, {}), ::testing::IsEmpty());
}

TEST_F(CacheRegistry, AnOrdinaryImageUnderTheTagIsADamagedRecord) {
  base::Digest key = base::sha256("key");
  oci::Manifest image;
  image.media_type = "application/vnd.oci.image.manifest.v1+json";
  image.config.media_type = "application/vnd.oci.image.config.v1+json";
  image.config.digest = base::sha256("{}");
  image.config.size = 2;
  image.serialize();
  world_.client->manifests[world_.tag(key)] = {image.media_type, image.raw, base::sha256(image.raw)};
  EXPECT_FALSE(open().find(key, {}));
  EXPECT_THAT(heard_, ElementsAre(HasSubstr("holds no cache record")));
}

}  // namespace
}  // namespace cooper::cache

namespace cooper::test {
INSTANTIATE_TYPED_TEST_SUITE_P(Registry, CacheBackendSuite, cache::RegistryWorld);
}  // namespace cooper::test
