#include "store/image_names.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "oci/manifest.h"
#include "oci/media_type.h"
#include "os/fd.h"
#include "store/gc.h"
#include "store/image_blobs.h"
#include "tests/unit/store/store_fixture.h"

namespace cooper::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class StoreImageNames : public StoreFixture {
 protected:
  // An image of one layer of a megabyte, all of it this many hours old.
  oci::Descriptor image(char content, int hours = 0) const {
    oci::Manifest manifest;
    manifest.media_type = oci::kMediaTypeManifest;
    manifest.config = put(std::string("{\"of\":\"") + content + "\"}", oci::kMediaTypeConfig);
    manifest.layers = {put(std::string(kMegabyte, content), oci::kMediaTypeLayer)};
    manifest.serialize();
    store_->put_blob(manifest.raw);
    for (const base::Digest& blob : blobs_of(*store_, manifest.descriptor()).all)
      age(store_->blob_path(blob), hours);
    return manifest.descriptor();
  }
  oci::Descriptor put(const std::string& content, std::string_view type) const {
    oci::Descriptor blob;
    blob.media_type = type;
    blob.digest = store_->put_blob(content);
    blob.size = content.size();
    return blob;
  }
  void age_all(const oci::Descriptor& image, int hours) const {
    for (const base::Digest& blob : blobs_of(*store_, image).all) age(store_->blob_path(blob), hours);
  }
  GcResult collect_to(std::uint64_t limit) const {
    GcOptions options;
    options.limit = limit;
    return collect(*store_, options, {});
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const NamedImage& one : names_.list()) all.push_back(one.name);
    return all;
  }

  ImageNames names_{*store_};
};

TEST_F(StoreImageNames, AnImageIsFoundUnderEachOfItsNames) {
  const oci::Descriptor app = image('a');
  names_.set("r.example/app:1", app);
  names_.set("r.example/app:2", app);
  EXPECT_EQ(names_.find("r.example/app:1")->digest, app.digest);
  EXPECT_EQ(names_.find("r.example/app:2")->digest, app.digest);
  EXPECT_FALSE(names_.find("r.example/app:3"));
  EXPECT_FALSE(names_.find(""));
  EXPECT_THAT(os::read_file(path_ + "/index.json"),
              HasSubstr(R"("org.opencontainers.image.ref.name": "r.example/app:1")"));
}

TEST_F(StoreImageNames, WhatLosesItsNameStaysAsLongAsItsManifest) {
  const oci::Descriptor old = image('a');
  names_.set("app:1", old);
  names_.set("app:1", image('b'));
  EXPECT_THAT(names(), ElementsAre("app:1", ""));
  EXPECT_EQ(names_.list()[1].target.digest, old.digest);
  names_.set("app:0", old);
  EXPECT_THAT(names(), ElementsAre("app:0", "app:1")) << "it has a name again";
  EXPECT_TRUE(names_.remove("app:0"));
  EXPECT_FALSE(names_.remove("app:0"));
  EXPECT_THAT(names(), ElementsAre("app:1", ""));
  std::filesystem::remove(store_->blob_path(old.digest));
  names_.set("app:2", image('b'));
  EXPECT_THAT(names(), ElementsAre("app:1", "app:2"));
}

TEST_F(StoreImageNames, EntriesOfOtherToolsKeepTheirNames) {
  const oci::Descriptor app = image('a');
  oci::Descriptor entry = app;
  entry.annotations["org.opencontainers.image.ref.name"] = "v1";
  oci::Index index;
  index.media_type = oci::kMediaTypeIndex;
  index.manifests = {entry};
  index.serialize();
  write(path_ + "/index.json", index.raw);
  names_.set("app:1", app);
  EXPECT_THAT(names(), ElementsAre("app:1", "v1"));
}

TEST_F(StoreImageNames, ADamagedIndexIsNamedWithAWayOut) {
  write(path_ + "/index.json", "[");
  try {
    names_.list();
    FAIL() << "it was read";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kCorrupt);
    EXPECT_THAT(error.message(), HasSubstr(path_ + "/index.json"));
    EXPECT_THAT(error.hint(), HasSubstr("remove the file"));
  }
}

TEST_F(StoreImageNames, ProcessesLoseNoNamesOfOneAnother) {
  const oci::Descriptor app = image('a');
  std::vector<pid_t> children;
  for (int child = 0; child < 4; ++child) {
    children.push_back(::fork());
    if (children.back() != 0) continue;
    for (int i = 0; i < 10; ++i) names_.set("app" + std::to_string(child) + ":" + std::to_string(i), app);
    ::_exit(0);
  }
  for (const pid_t child : children) {
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(names().size(), 40U);
}

TEST_F(StoreImageNames, TheCollectorTakesNoBlobOfANamedImage) {
  const oci::Descriptor named = image('a', 100);
  const oci::Descriptor other = image('b', 1);
  names_.set("app:1", named);
  age_all(named, 100);
  const GcResult result = collect_to(0);
  EXPECT_TRUE(blobs_of(*store_, named).missing.empty());
  EXPECT_EQ(blobs_of(*store_, other).missing.size(), 1U) << "its manifest, and so all of it";
  EXPECT_GE(result.named, kMegabyte);
  EXPECT_LE(result.named, result.remaining);
}

TEST_F(StoreImageNames, WhatIsGivenUpGoesUnlessAnotherImageHasIt) {
  const oci::Descriptor kept = image('a', 5);
  const oci::Descriptor gone = image('b', 5);
  names_.set("app:1", kept);
  age_all(kept, 5);
  GcOptions options;
  options.unreachable = true;
  options.given_up = blobs_of(*store_, gone).all;
  options.given_up.merge(blobs_of(*store_, kept).all);
  collect(*store_, options, {});
  EXPECT_TRUE(blobs_of(*store_, kept).missing.empty());
  EXPECT_FALSE(has_blob_file(*store_, gone.digest));
}

TEST_F(StoreImageNames, AHostileDocumentEndsTheReadingAndIsMissing) {
  const oci::Descriptor bad = put("{\"layers\":7}", oci::kMediaTypeManifest);
  EXPECT_THAT(blobs_of(*store_, bad).missing, ElementsAre(bad.digest));
  oci::Descriptor absent = bad;
  absent.digest = base::sha256("nothing");
  EXPECT_THAT(blobs_of(*store_, absent).missing, ElementsAre(absent.digest));
}

}  // namespace
}  // namespace cooper::store
