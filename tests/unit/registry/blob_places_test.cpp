#include "registry/blob_places.h"

#include <gtest/gtest.h>

namespace cooper::registry {
namespace {

TEST(RegistryBlobPlaces, NamesAnotherRepositoryOfTheSameHost) {
  BlobPlaces places;
  const base::Digest blob = base::sha256("blob");
  const auto at = [](const char* name) { return oci::Reference::parse(name); };
  EXPECT_EQ(places.mount_source(blob, at("r.example/app")), "");
  places.note(blob, at("r.example/app"));
  places.note(blob, at("r.example/app:tag"));
  places.note(blob, at("other.example/base"));
  EXPECT_EQ(places.mount_source(blob, at("r.example/app")), "") << "it is there already";
  EXPECT_TRUE(places.contains(blob, at("r.example/app")));
  EXPECT_FALSE(places.contains(blob, at("r.example/new")));
  EXPECT_FALSE(places.contains(base::sha256("other"), at("r.example/app")));
  EXPECT_EQ(places.mount_source(blob, at("r.example/new")), "app");
  EXPECT_EQ(places.mount_source(blob, at("other.example/new")), "base");
  EXPECT_EQ(places.mount_source(blob, at("third.example/new")), "");
}

}  // namespace
}  // namespace cooper::registry
