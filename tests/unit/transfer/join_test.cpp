#include "transfer/join.h"

#include "fixture.h"

namespace cooper::transfer {
namespace {

using support::error_of;
using ::testing::HasSubstr;

class TransferJoin : public TransferFixture {
 protected:
  oci::Index join(const std::vector<std::string>& sources, const std::string& target = "",
                  const JoinOptions& options = {}) {
    std::vector<std::unique_ptr<ImagePlace>> from;
    for (const std::string& name : sources) from.push_back(place(name));
    const JoinedImages joined = join_images(from, options, {});
    std::vector<std::unique_ptr<ImagePlace>> to;
    if (!target.empty()) to.push_back(place(target));
    put_index(joined, from, to, options, {});
    return joined.index;
  }
};

TEST_F(TransferJoin, TakesPlatformsFromTheConfigs) {
  oci::Manifest amd = add_image("app", "linux/amd64", {"amd"}, "amd64");
  oci::Manifest arm = add_image("app", "linux/arm64/v8", {"arm"}, "arm64");
  oci::Index index = join({"app:amd64", "app:arm64"}, "app:1");
  ASSERT_EQ(index.manifests.size(), 2U);
  EXPECT_EQ(index.manifests[0].digest, amd.descriptor().digest);
  EXPECT_EQ(index.manifests[0].platform->str(), "linux/amd64");
  EXPECT_EQ(index.manifests[1].platform->architecture, "arm64");
  EXPECT_EQ(registry_.manifest("app", "1"), index.raw);
  EXPECT_EQ(uploads(), 0U);
}

TEST_F(TransferJoin, BringsImagesFromOtherRepositories) {
  oci::Manifest amd = add_image("amd", "linux/amd64", {"amd"}, "1");
  oci::Manifest arm = add_image("arm", "linux/arm64", {"arm"}, "1");
  join({"amd:1", "arm:1"}, "app:1");
  EXPECT_TRUE(registry_.has_blob("app", amd.layers[0].digest));
  EXPECT_EQ(registry_.manifest("app", arm.descriptor().digest.str()), arm.raw);
}

TEST_F(TransferJoin, TakesAnIndexApartAndListsAnImageOnce) {
  oci::Manifest amd = add_image("app", "linux/amd64", {"amd"}, "amd64");
  oci::Manifest arm = add_image("app", "linux/arm64", {"arm"}, "arm64");
  add_index("app", "old", {{"linux/amd64", amd}});
  oci::Index index = join({"app:old", "app:amd64", "app:arm64"}, "app:new");
  EXPECT_EQ(index.manifests.size(), 2U);
  EXPECT_EQ(index.media_type, oci::kMediaTypeIndex);
}

TEST_F(TransferJoin, RefusesASecondImageOfOnePlatform) {
  add_image("app", "linux/amd64", {"a"}, "a");
  add_image("app", "linux/amd64", {"b"}, "b");
  base::Error error = error_of([&] { join({"app:a", "app:b"}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
  EXPECT_THAT(error.summary(), HasSubstr("linux/amd64"));
}

TEST_F(TransferJoin, AnnotatesTheIndex) {
  add_image("app", "linux/amd64", {"a"}, "a");
  JoinOptions options;
  options.annotations["org.opencontainers.image.version"] = "1.0";
  join({"app:a"}, "app:1", options);
  EXPECT_EQ(oci::Index::parse(registry_.manifest("app", "1")).annotations, options.annotations);
}

}  // namespace
}  // namespace cooper::transfer
