#include "transfer/store_place.h"

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "store/image_blobs.h"
#include "tests/unit/transfer/fixture.h"
#include "transfer/copy.h"
#include "transfer/find_image.h"
#include "transfer/load_archive.h"
#include "transfer/save_archive.h"

namespace cooper::transfer {
namespace {

using support::error_of;
using ::testing::HasSubstr;

class StorePlaceTest : public TransferFixture {
 protected:
  StorePlace in_store(const std::string& name) { return {store_, name}; }
  CopyResult pull(const std::string& name, const std::string& as) {
    StorePlace to = in_store(as);
    return copy_image(*place(name), to, {}, {});
  }
  std::string save(const std::vector<std::string>& images, ArchiveForm form) {
    base::StringSink out;
    SaveOptions options;
    options.form = form;
    save_archive(store_, images, options, out, {});
    return out.take();
  }
  std::vector<LoadedImage> load(const std::shared_ptr<store::Store>& store, const std::string& archive) {
    base::MemorySource in(archive);
    return load_archive(store, in, {"a.tar", ""}, {});
  }

  std::shared_ptr<store::Store> store_ = store::Store::open(directory_.path() + "/store");
  std::shared_ptr<store::Store> other_ = store::Store::open(directory_.path() + "/other");
};

TEST_F(StorePlaceTest, APulledImageIsWholeAndHasItsName) {
  const oci::Manifest manifest = add_image("app", "linux/amd64", {"one", "two"}, "1");
  EXPECT_EQ(pull("app:1", "r.example/app:1").sent, 3U);
  const store::NamedImage image = require_image(*store_, "r.example/app:1");
  EXPECT_EQ(image.target.digest, manifest.descriptor().digest);
  EXPECT_TRUE(store::blobs_of(*store_, image.target).missing.empty());
  EXPECT_EQ(pull("app:1", "r.example/app:2").sent, 0U) << "it is there already";
}

TEST_F(StorePlaceTest, AnImageThatLostALayerIsFetchedAgain) {
  const oci::Manifest manifest = add_image("app", "linux/amd64", {"one", "two"}, "1");
  pull("app:1", "app:1");
  std::filesystem::remove(store_->blob_path(manifest.layers[1].digest));
  EXPECT_FALSE(in_store("app:1").has(manifest.descriptor().digest, {}));
  EXPECT_EQ(pull("app:1", "app:1").sent, 1U);
}

TEST_F(StorePlaceTest, ImagesAreFoundByNameAndByTheBeginningOfADigest) {
  const oci::Manifest manifest = add_image("app", "linux/amd64", {"one"}, "1");
  pull("app:1", "debian:12");
  const std::string hex = manifest.descriptor().digest.hex();
  for (const std::string& text :
       {std::string("debian:12"), std::string("docker.io/library/debian:12"), hex.substr(0, 12),
        "sha256:" + hex, manifest.config.digest.hex().substr(0, 8)}) {
    EXPECT_EQ(require_image(*store_, text).name, "docker.io/library/debian:12") << text;
  }
  EXPECT_FALSE(find_image(*store_, hex.substr(0, 3)));
  const base::Error error = error_of([&] { require_image(*store_, "debian:13"); });
  EXPECT_EQ(error.message(), "no image 'debian:13' in the store");
  EXPECT_THAT(error.hint(), HasSubstr("cooper pull debian:13"));
}

TEST_F(StorePlaceTest, LayersAreMountedFromWhereImagesOfTheRegistryHaveThem) {
  add_image("base", "linux/amd64", {"one", "two"}, "1");
  pull("base:1", registry_.host() + "/base:1");
  pull("base:1", registry_.host() + "/team/app:1");
  StorePlace from = in_store(registry_.host() + "/team/app:1");
  const CopyResult done = copy_image(from, *place("team/app:1"), {}, {});
  EXPECT_EQ(done.sent, 0U);
  EXPECT_EQ(from.mount_source(oci::Reference::parse("elsewhere.example/app:1"), base::sha256("one")), "");
}

TEST_F(StorePlaceTest, WhatTheStoreSavesItLoads) {
  const oci::Manifest manifest = add_image("app", "linux/amd64", {"one", "two"}, "1");
  pull("app:1", "r.example/app:1");
  store::ImageNames(*store_).set("docker.io/library/app:2", manifest.descriptor());
  for (const ArchiveForm form : {ArchiveForm::kDocker, ArchiveForm::kOci}) {
    const std::vector<LoadedImage> loaded = load(other_, save({"r.example/app:1", "app:2"}, form));
    ASSERT_EQ(loaded.size(), 2U);
    EXPECT_EQ(loaded[0].name, "r.example/app:1");
    EXPECT_EQ(loaded[1].name, "docker.io/library/app:2");
    EXPECT_EQ(loaded[0].digest, manifest.descriptor().digest);
  }
  EXPECT_TRUE(store::blobs_of(*other_, require_image(*other_, "app:2").target).missing.empty());
}

TEST_F(StorePlaceTest, ADamagedArchiveLeavesNoName) {
  add_image("app", "linux/amd64", {"a layer that can be found in the tar"}, "1");
  pull("app:1", "app:1");
  const std::string whole = save({"app:1"}, ArchiveForm::kDocker);
  std::string damaged = whole;
  damaged[damaged.find("a layer that")] = 'A';
  const base::Error error = error_of([&] { load(other_, damaged); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kCorrupt);
  EXPECT_THAT(error.summary(), HasSubstr("load 'a.tar'"));
  const std::string cut = whole.substr(0, whole.find("a layer that") + 5);
  EXPECT_EQ(error_of([&] { load(other_, cut); }).kind(), base::ErrorKind::kCorrupt);
  EXPECT_EQ(error_of([&] { load(other_, ""); }).kind(), base::ErrorKind::kCorrupt) << "nothing is no archive";
  EXPECT_TRUE(store::ImageNames(*other_).list().empty());
}

}  // namespace
}  // namespace cooper::transfer
