#include "cache/mount_saves.h"

#include <gmock/gmock.h>

#include "support/error_of.h"

namespace cooper::cache {
namespace {

using support::error_of;
using ::testing::HasSubstr;

MountLayer layer(const std::string& name) {
  MountLayer made;
  made.diff_id = base::sha256("diff of " + name);
  made.blob.media_type = "application/vnd.oci.image.layer.v1.tar+zstd";
  made.blob.digest = base::sha256("blob of " + name);
  made.blob.size = name.size();
  made.size = 1000 + name.size();
  return made;
}

MountSave full() {
  return {"/root/.cache", {layer("base"), layer("one"), layer("more")}, 4711, 1'700'000'000};
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t place = text.find(from);
  EXPECT_NE(place, std::string::npos) << from;
  return place == std::string::npos ? text : text.replace(place, from.size(), to);
}

void expect_refused(const std::string& json, const std::string& why) {
  const base::Error error = error_of([&] { MountSave::parse(json); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kCorrupt);
  EXPECT_THAT(error.summary(), HasSubstr(why));
}

TEST(CacheMountSaves, SurviveWritingAndReading) {
  EXPECT_EQ(MountSave::parse(full().serialize()), full());
}

TEST(CacheMountSaves, AreOneLine) {
  const std::string text = full().serialize();
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  MountSave odd = full();
  odd.mount = "line\nbreak \xff";
  EXPECT_EQ(odd.serialize().find('\n'), odd.serialize().size() - 1);
}

TEST(CacheMountSaves, TheDocumentNamesItsBlobs) {
  const Document document = full().document();
  ASSERT_EQ(document.blobs.size(), 3U);
  EXPECT_EQ(document.blobs[1], layer("one").blob);
  EXPECT_EQ(MountSave::parse(document.text), full());
  EXPECT_EQ(full().blob_size(), 11U);
}

TEST(CacheMountSaves, BelieveNothing) {
  const std::string text = full().serialize();
  expect_refused("", "not a JSON object");
  expect_refused("[]", "not a JSON object");
  expect_refused("{", "not a JSON object");
  expect_refused(std::string(100'000, '['), "nested too deeply");
  expect_refused(replaced(text, "\"schema\":1", "\"schema\":2"), "another version");
  expect_refused(replaced(text, "\"size\":4711", "\"size\":-1"), "'size' is negative");
  expect_refused(replaced(text, "\"size\":4711", "\"size\":\"much\""), "'size' is no integer");
  expect_refused(replaced(text, "\"size\":4711", "\"size\":18446744073709551615"), "'size' is no integer");
  expect_refused(replaced(text, "\"mount\":\"/root/.cache\"", "\"mount\":7"), "'mount' is no string");
  expect_refused(replaced(text, "\"layers\"", "\"others\""), "no layers");
  expect_refused(replaced(text, "\"diffId\"", "\"other\""), "a layer has no digest");
  expect_refused(replaced(text, "\"blob\"", "\"other\""), "a layer has no digest");
  expect_refused(replaced(text, "\"diffId\":\"sha256:", "\"diffId\":\"sha256:../"), "digest");
}

TEST(CacheMountSaves, AnEmptyOrEndlessChainIsNone) {
  MountSave save = full();
  save.layers.clear();
  expect_refused(save.serialize(), "no layers");
  save.layers.assign(kMostMountLayers + 1, layer("x"));
  expect_refused(save.serialize(), "more than 8 layers");
}

}  // namespace
}  // namespace cooper::cache
