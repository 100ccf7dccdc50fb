#include "cache/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "support/cache_backend_suite.h"

namespace cooper::cache {
namespace {

Record full() {
  oci::Descriptor blob;
  blob.media_type = "application/vnd.oci.image.layer.v1.tar+gzip";
  blob.digest = base::sha256("blob");
  blob.size = 4;
  Record record = test::full_record("all", blob);
  record.content_key = base::sha256("content key");
  record.layer_id = "0123abcd";
  return record;
}

void expect_refused(const std::string& json, const std::string& why) {
  try {
    Record::parse(json);
    ADD_FAILURE() << "accepted " << json.substr(0, 200);
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kCorrupt);
    EXPECT_THAT(error.summary(), ::testing::HasSubstr(why));
  }
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t place = text.find(from);
  EXPECT_NE(place, std::string::npos) << from;
  return place == std::string::npos ? text : text.replace(place, from.size(), to);
}

TEST(CacheRecord, SurvivesWritingAndReading) {
  EXPECT_EQ(Record::parse(full().serialize()), full());
  Record least;
  least.key = base::sha256("key");
  EXPECT_EQ(Record::parse(least.serialize()), least);
}

TEST(CacheRecord, IsReadableAndStable) {
  Record record;
  record.key = base::sha256("key");
  record.step = "RUN make";
  record.step_id = "id";
  record.no_change = true;
  record.created = 5;
  record.duration_ms = 7;
  record.ingredients = {{"file a b%\n", base::sha256("content")}};
  const std::string text = "{\n \"schema\": 1,\n \"key\": \"" + record.key.str() +
                           "\",\n \"step\": \"RUN make\",\n \"stepId\": \"id\",\n \"noChange\": true,\n"
                           " \"created\": 5,\n \"durationMs\": 7,\n \"ingredients\": [\n"
                           "  \"" +
                           base::sha256("content").hex() + " file a b%25%0a\"\n ]";
  EXPECT_EQ(record.serialize(),
            text + ",\n \"checksum\": \"" + base::sha256(text + "\n}\n").hex() + "\"\n}\n");
  std::string changed = record.serialize();
  changed.replace(changed.find("RUN make"), 8, "RUN mAke");
  expect_refused(changed, "checksum");
}

TEST(CacheRecord, KeepsLabelsOfAnyBytes) {
  Record record;
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  record.ingredients = {{all, base::sha256("x")}, {"", base::sha256("y")}};
  record.key = base::sha256("key");
  EXPECT_EQ(Record::parse(record.serialize()), record);
}

TEST(CacheRecord, ReplacesBytesOfTheStepThatAreNotUtf8) {
  Record record;
  record.key = base::sha256("key");
  record.step = "RUN \xff";
  EXPECT_EQ(Record::parse(record.serialize()).step, "RUN \xef\xbf\xbd");
}

TEST(CacheRecord, RefusesWhatIsNoRecord) {
  expect_refused("", "not a JSON object");
  expect_refused("[]", "not a JSON object");
  expect_refused("{", "not a JSON object");
  expect_refused(full().serialize().substr(0, 200), "not a JSON object");
  expect_refused("{}", "another version");
  expect_refused(R"({"schema": 1})", "no key");
  expect_refused(R"({"schema": 1, "key": "sha256:12"})", "not a sha256 digest");
}

TEST(CacheRecord, RefusesOtherSchemas) {
  expect_refused(replaced(full().serialize(), "\"schema\": 1", "\"schema\": 2"), "another version");
}

TEST(CacheRecord, RefusesFieldsOfAnotherType) {
  const std::string good = full().serialize();
  expect_refused(replaced(good, "\"created\": 1700000001", "\"created\": 1.5"), "'created'");
  expect_refused(replaced(good, "\"created\": 1700000001", "\"created\": 18446744073709551615"), "'created'");
  expect_refused(replaced(good, "\"stepId\": \"step of all\"", "\"stepId\": 7"), "'stepId'");
  expect_refused(replaced(good, "\"durationMs\"", "\"noChange\": 1, \"durationMs\""), "'noChange'");
  expect_refused(replaced(good, "\"ingredients\": [", "\"ingredients\": [7, "), "ingredient");
  expect_refused(replaced(good, "\"ingredients\": [", "\"ingredients\": [\"12 x\", "), "ingredient");
  expect_refused(replaced(good, "\"zstd\"", "\"lzma\""), "lzma");
  expect_refused(replaced(good, "\"ownTimes\": [", "\"ownTimes\": [1, "), "time of its own");
  expect_refused(replaced(good, "\"ownTimes\": [", "\"ownTimes\": [\"x y\", "), "time of its own");
  expect_refused(replaced(good, "\"ownTimes\": [", "\"ownTimes\": [\"12\", "), "time of its own");
}

TEST(CacheRecord, RefusesLayerIdsThatAreNoPlainNames) {
  for (const char* id : {"../../etc", "/abs", ".hidden", "..", "a/b", "a b", "a\\u0000b"}) {
    expect_refused(replaced(full().serialize(), "0123abcd", id), "'layerId'");
  }
  expect_refused(replaced(full().serialize(), "0123abcd", std::string(1000, 'a')), "'layerId'");
}

TEST(CacheRecord, RefusesDeepNesting) {
  expect_refused(
      replaced(full().serialize(), "\"created\"", "\"x\": " + std::string(2'000'000, '[') + ", \"created\""),
      "nested too deeply");
}

TEST(CacheRecord, BracketsInsideStringsAreNoNesting) {
  Record record = full();
  record.step = std::string(100, '[') + "\"\\" + std::string(100, '{');
  EXPECT_EQ(Record::parse(record.serialize()), record);
}

}  // namespace
}  // namespace cooper::cache
