#include "oci/media_type.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace cooper::oci {

TEST(OciMediaType, KnowsBothFamilies) {
  EXPECT_TRUE(is_index(kMediaTypeIndex));
  EXPECT_TRUE(is_index(kDockerManifestList));
  EXPECT_FALSE(is_index(kMediaTypeManifest));
  EXPECT_TRUE(is_manifest(kMediaTypeManifest));
  EXPECT_TRUE(is_manifest(kDockerManifest));
  EXPECT_TRUE(is_layer(kDockerForeignLayerGzip));
  EXPECT_FALSE(is_layer(kMediaTypeConfig));
  EXPECT_FALSE(is_layer(""));
}

TEST(OciMediaType, NamesTheCompression) {
  for (Compression compression : {Compression::kNone, Compression::kGzip, Compression::kZstd}) {
    EXPECT_EQ(layer_compression(layer_media_type(compression)), compression);
  }
  EXPECT_EQ(layer_compression(docker_layer_media_type(Compression::kGzip)), Compression::kGzip);
  EXPECT_EQ(layer_compression(docker_layer_media_type(Compression::kNone)), Compression::kNone);
  EXPECT_THROW(docker_layer_media_type(Compression::kZstd), base::Error);
  EXPECT_THROW(layer_compression("text/plain"), base::Error);
}

}  // namespace cooper::oci
