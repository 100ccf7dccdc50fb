#include "transfer/image_place.h"

#include "fixture.h"

namespace cooper::transfer {
namespace {

using support::error_of;

class TransferImagePlace : public TransferFixture {
 protected:
  std::string shown(const std::string& name) { return open_place(name, client_)->shown(); }
};

TEST_F(TransferImagePlace, ReadsNamesOfRegistriesAndLayouts) {
  EXPECT_EQ(shown("debian:12"), "debian:12");
  EXPECT_EQ(shown("docker://r.example/app"), "r.example/app:latest");
  EXPECT_EQ(shown("docker-image://r.example/app:1"), "r.example/app:1");
  EXPECT_EQ(shown("oci-layout://out:1"), "oci-layout://out:1");
  EXPECT_EQ(shown("oci:out"), "oci-layout://out");
  EXPECT_EQ(error_of([&] { shown("Debian"); }).kind(), base::ErrorKind::kUsage);
}

TEST_F(TransferImagePlace, ANameWithADigestTakesThatImageOnly) {
  oci::Manifest image = add_image("app", "linux/amd64", {"one"}, "1");
  registry::RawManifest document{image.media_type, image.raw, image.descriptor().digest};
  std::string wrong = "app@" + base::sha256("other").str();
  base::Error error = error_of([&] { place(wrong)->put(document, ImagePlace::Naming::kByName, {}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
  place("app@" + document.digest.str())->put(document, ImagePlace::Naming::kByName, {});
}

}  // namespace
}  // namespace cooper::transfer
