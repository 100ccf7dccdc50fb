#include "cli/flag_values.h"

#include <gmock/gmock.h>

#include "support/error_of.h"

namespace cooper::cli {
namespace {

using support::error_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

TEST(CliFlagValues, NothingIsMadeOfAnEmptyValue) {
  EXPECT_FALSE(parse_output(""));
  EXPECT_FALSE(parse_secret(""));
  EXPECT_FALSE(parse_ssh(""));
  EXPECT_FALSE(parse_call(""));
  EXPECT_FALSE(parse_allow(""));
  EXPECT_TRUE(parse_annotation("").empty());
}

TEST(CliFlagValues, CacheMountsPersistAllOrByName) {
  EXPECT_FALSE(parse_cache_mounts("").persist);
  build::CacheMounts all = parse_cache_mounts("persist");
  EXPECT_TRUE(all.persists("/root/.cache"));
  EXPECT_EQ(all.max_size, std::uint64_t{2} << 30);
  EXPECT_EQ(all.max_age, 0);
  build::CacheMounts some = parse_cache_mounts("persist=Go,/root/.npm,a=b,max-size=500m,max-age=14d");
  EXPECT_THAT(some.ids, ElementsAre("/root/.npm", "Go", "a=b"));
  EXPECT_FALSE(some.persists("go"));
  EXPECT_EQ(some.max_size, std::uint64_t{500} << 20);
  EXPECT_EQ(some.max_age, 14 * 86400);
  EXPECT_THAT(parse_cache_mounts("max-size=1k,\"persist=a,b\"").ids, ElementsAre("a,b"));
}

TEST(CliFlagValues, CacheMountsRefuseWhatTheyDoNotKnow) {
  EXPECT_THAT(error_of([] { parse_cache_mounts("keep"); }).message(), HasSubstr("unknown option 'keep'"));
  EXPECT_THAT(error_of([] { parse_cache_mounts("max-size=1k"); }).message(),
              HasSubstr("does not say persist"));
  EXPECT_THAT(error_of([] { parse_cache_mounts("persist,max-age=old"); }).message(),
              HasSubstr("no duration"));
}

TEST(CliFlagValues, AnOutputOfOneWordIsADirectory) {
  EXPECT_EQ(parse_output("a=b")->type, "local");
  EXPECT_EQ(parse_output("a=b")->attributes.at("dest"), "a=b");
  EXPECT_EQ(parse_output("-")->type, "tar");
  EXPECT_TRUE(parse_output("type=local,dest=")->attributes.empty());
  EXPECT_THAT(parse_output(" Type =oci, DEST =x")->attributes, ElementsAre(Pair("dest", "x")));
}

TEST(CliFlagValues, ASecretOfTheEnvironmentMayBeNamedAsSource) {
  auto secret = parse_secret("type=env,id=a,src=VAR");
  EXPECT_EQ(secret->variable, "VAR");
  EXPECT_EQ(secret->file, "");
  EXPECT_THROW(parse_secret("type=vault,id=a"), base::Error);
  EXPECT_THAT(error_of([] { parse_secret("id=a,required"); }).message(),
              HasSubstr("'required' has no value"));
}

TEST(CliFlagValues, ACallNamesOneMethod) {
  EXPECT_TRUE(parse_call("check,ignorestatus=T")->ignore_status);
  EXPECT_EQ(parse_call("format=json")->name, "");
  EXPECT_THROW(parse_call("check,outline"), base::Error);
  EXPECT_THROW(parse_call("check,ignorestatus=yes"), base::Error);
  EXPECT_THROW(parse_call("check,colour=red"), base::Error);
}

TEST(CliFlagValues, ContextsGoByFamiliarNames) {
  EXPECT_EQ(parse_build_context("docker.io/library/debian:12=d").first, "debian:12");
  EXPECT_EQ(parse_build_context("debian:latest=d").first, "debian");
  EXPECT_EQ(parse_build_context("src=a=b").second, "a=b");
  EXPECT_THROW(parse_build_context("UPPER=x"), base::Error);
}

TEST(CliFlagValues, AnnotationsNamePlacesAndPlatforms) {
  using image::Annotation;
  using image::AnnotationPlace;
  EXPECT_THAT(parse_annotation("a.b=c=d"),
              ElementsAre(Annotation{AnnotationPlace::kManifest, {}, "a.b", "c=d"}));
  EXPECT_THAT(
      parse_annotation("index,manifest[linux/arm64]:k=v"),
      ElementsAre(Annotation{AnnotationPlace::kIndex, {}, "k", "v"},
                  Annotation{AnnotationPlace::kManifest, oci::parse_platform("linux/arm64"), "k", "v"}));
  EXPECT_THAT(error_of([] { parse_annotation("idnex:k=v"); }).message(), HasSubstr("unknown type 'idnex'"));
  EXPECT_THROW(parse_annotation("manifest[linux/amd64:k=v"), base::Error);
  EXPECT_THROW(parse_annotation("manifest[a b]:k=v"), base::Error);
  EXPECT_THROW(parse_annotation("k"), base::Error);
}

TEST(CliFlagValues, SizesHaveBinaryUnits) {
  EXPECT_EQ(parse_bytes("0", "--x"), 0);
  EXPECT_EQ(parse_bytes("512", "--x"), 512);
  EXPECT_EQ(parse_bytes("1.5g", "--x"), 3LL << 29);
  EXPECT_EQ(parse_bytes("20 GB", "--x"), 20LL << 30);
  EXPECT_EQ(parse_bytes("2GiB", "--x"), 2LL << 30);
  EXPECT_EQ(parse_bytes("1t", "--x"), 1LL << 40);
  for (const char* wrong : {"", " ", "x", "-1", "1e3", "inf", "nan", "1..5", "9999999999t", "1 2"}) {
    EXPECT_THAT(error_of([&] { parse_bytes(wrong, "--x"); }).message(), HasSubstr("--x")) << wrong;
  }
}

TEST(CliFlagValues, DurationsAreThoseOfGoAndDays) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  EXPECT_EQ(parse_duration("24h", "--x"), 86400 * kSecond);
  EXPECT_EQ(parse_duration("1h30m", "--x"), 5400 * kSecond);
  EXPECT_EQ(parse_duration("1.5s", "--x"), kSecond * 3 / 2);
  EXPECT_EQ(parse_duration("250ms", "--x"), kSecond / 4);
  EXPECT_EQ(parse_duration("7d", "--x"), 7 * 86400 * kSecond);
  for (const char* wrong : {"", "24", "h", "1x", "-1h", "1h 2m", "999999999999d", "nanh"}) {
    EXPECT_THAT(error_of([&] { parse_duration(wrong, "--x"); }).message(), HasSubstr("--x")) << wrong;
  }
}

TEST(CliFlagValues, BooleansAreGos) {
  for (const char* yes : {"1", "t", "T", "true", "TRUE", "True"}) EXPECT_TRUE(parse_bool(yes, "--x")) << yes;
  for (const char* no : {"0", "f", "F", "false", "FALSE", "False"}) EXPECT_FALSE(parse_bool(no, "--x")) << no;
  EXPECT_EQ(error_of([] { parse_bool("yes", "--x"); }).message(), "--x takes true or false, not 'yes'");
}

}  // namespace
}  // namespace cooper::cli
