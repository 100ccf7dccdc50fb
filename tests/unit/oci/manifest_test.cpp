#include "oci/manifest.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "oci/media_type.h"

namespace cooper::oci {

namespace {

const std::string kDigest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

std::string descriptor(const std::string& media_type) {
  return R"({"mediaType":")" + media_type + R"(","digest":")" + kDigest + R"(","size":0})";
}

std::string manifest_with(const std::string& more) {
  return R"({"schemaVersion":2,"config":)" + descriptor(std::string(kMediaTypeConfig)) + more + "}";
}

base::ErrorKind failure_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const base::Error& error) {
    return error.kind();
  }
  return base::ErrorKind::kInternal;
}

}  // namespace

TEST(OciManifest, WritesWhatBuildkitWrites) {
  Manifest manifest;
  manifest.media_type = kMediaTypeManifest;
  manifest.config.media_type = kMediaTypeConfig;
  manifest.config.digest = base::sha256("");
  manifest.config.size = 2;
  Descriptor layer = manifest.config;
  layer.media_type = kMediaTypeLayerGzip;
  layer.annotations = {{"b", "<&>"}, {"a", "1"}};
  manifest.layers = {layer};
  manifest.serialize();
  EXPECT_EQ(manifest.raw, R"({
  "schemaVersion": 2,
  "mediaType": "application/vnd.oci.image.manifest.v1+json",
  "config": {
    "mediaType": "application/vnd.oci.image.config.v1+json",
    "digest": ")" + kDigest + R"(",
    "size": 2
  },
  "layers": [
    {
      "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
      "digest": ")" + kDigest +
                              R"(",
      "size": 2,
      "annotations": {
        "a": "1",
        "b": "\u003c\u0026\u003e"
      }
    }
  ]
})");
  EXPECT_EQ(manifest.descriptor().digest, base::sha256(manifest.raw));
  Manifest again = Manifest::parse(manifest.raw);
  EXPECT_EQ(again.layers, manifest.layers);
  EXPECT_EQ(again.config, manifest.config);
}

TEST(OciManifest, WritesNoLayersAsAnEmptyList) {
  Manifest manifest;
  manifest.serialize();
  EXPECT_NE(manifest.raw.find("\"layers\": []"), std::string::npos) << manifest.raw;
}

TEST(OciManifest, KeepsTheRawBytes) {
  std::string raw = manifest_with(R"(,   "unknown": [1, 2.50]  )");
  Manifest manifest = Manifest::parse(raw, kMediaTypeManifest);
  EXPECT_EQ(manifest.raw, raw);
  EXPECT_EQ(manifest.media_type, kMediaTypeManifest);
  EXPECT_EQ(manifest.descriptor().size, raw.size());
}

TEST(OciManifest, RefusesADocumentThatIsTwoThings) {
  std::string typed = manifest_with(R"(,"mediaType":"application/vnd.oci.image.manifest.v1+json")");
  EXPECT_EQ(failure_of([&] { Manifest::parse(typed, kDockerManifest); }), base::ErrorKind::kCorrupt);
  EXPECT_EQ(failure_of([&] { Manifest::parse(manifest_with(R"(,"manifests":[])")); }),
            base::ErrorKind::kCorrupt);
  EXPECT_EQ(failure_of([&] { Index::parse(R"({"schemaVersion":2,"manifests":[],"layers":[]})"); }),
            base::ErrorKind::kCorrupt);
  EXPECT_EQ(failure_of([&] { Index::parse(typed); }), base::ErrorKind::kCorrupt);
}

TEST(OciManifest, RefusesHostileDocuments) {
  const std::string kBad[] = {
      "",
      "null",
      "[]",
      "{",
      "{}",
      R"({"schemaVersion":"2"})",
      R"({"schemaVersion":2})",
      manifest_with(R"(,"layers":{})"),
      manifest_with(R"(,"layers":[null])"),
      manifest_with(R"(,"layers":[{"mediaType":"a/b","digest":")" + kDigest + R"(","size":-1}])"),
      manifest_with(R"(,"layers":[{"mediaType":"a/b","digest":")" + kDigest + R"(","size":1.5}])"),
      manifest_with(R"(,"layers":[{"mediaType":"a/b","digest":")" + kDigest +
                    R"(","size":18446744073709551615}])"),
      manifest_with(R"(,"layers":[{"mediaType":"a/b","digest":"sha256:../../etc/passwd","size":1}])"),
      manifest_with(R"(,"annotations":{"a":1})"),
      manifest_with(R"(,"subject":"x")"),
      manifest_with(",\"x\":\"\xff\""),
      manifest_with(R"(,"x":)" + std::string(100'000, '[') + std::string(100'000, ']')),
      std::string(17 << 20, ' ') + manifest_with(""),
  };
  for (const std::string& text : kBad) {
    EXPECT_EQ(failure_of([&] { Manifest::parse(text); }), base::ErrorKind::kCorrupt) << text.substr(0, 200);
  }
  EXPECT_EQ(failure_of([] { Manifest::parse(R"({"schemaVersion":1})"); }), base::ErrorKind::kUnsupported);
}

TEST(OciIndex, SelectsThePlatform) {
  Index index;
  index.media_type = kMediaTypeIndex;
  for (const char* platform : {"linux/386", "linux/amd64", "linux/arm/v6", "linux/arm/v7"}) {
    Descriptor entry;
    entry.media_type = kMediaTypeManifest;
    entry.digest = base::sha256(platform);
    entry.platform = parse_platform(platform);
    index.manifests.push_back(entry);
  }
  Descriptor attestation = index.manifests[1];
  attestation.digest = base::sha256("attestation");
  attestation.platform = Platform{"unknown", "unknown", "", "", {}};
  index.manifests.insert(index.manifests.begin(), attestation);
  index.serialize();
  Index again = Index::parse(index.raw);
  EXPECT_EQ(again.manifests, index.manifests);
  EXPECT_EQ(again.select(parse_platform("linux/amd64"))->digest, base::sha256("linux/amd64"));
  EXPECT_EQ(again.select(parse_platform("linux/arm/v8"))->digest, base::sha256("linux/arm/v7"));
  EXPECT_EQ(again.select(parse_platform("linux/arm/v5")), nullptr);
  EXPECT_EQ(again.select(Platform{"unknown", "unknown", "", "", {}}), nullptr);
}

TEST(OciIndex, TakesALoneManifestWithoutAPlatform) {
  Index index = Index::parse(R"({"schemaVersion":2,"manifests":[)" +
                             descriptor(std::string(kMediaTypeManifest)) + "]}");
  EXPECT_NE(index.select(parse_platform("linux/amd64")), nullptr);
}

TEST(OciDescriptor, RoundTrips) {
  Descriptor full;
  full.media_type = kMediaTypeManifest;
  full.digest = base::sha256("x");
  full.size = 7;
  full.urls = {"https://example.com/x"};
  full.annotations = {{"k", "v"}};
  full.platform = Platform{"windows", "amd64", "v2", "10.0", {"win32k"}};
  full.artifact_type = "a/b";
  EXPECT_EQ(Descriptor::parse(full.serialize()), full);
  EXPECT_EQ(
      full.serialize(),
      R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" + full.digest.str() +
          R"(","size":7,"urls":["https://example.com/x"],"annotations":{"k":"v"},"platform":{"architecture":"amd64","os":"windows","os.version":"10.0","os.features":["win32k"],"variant":"v2"},"artifactType":"a/b"})");
}

TEST(OciDocument, SaysWhatItIs) {
  EXPECT_EQ(document_media_type(manifest_with("")), kMediaTypeManifest);
  EXPECT_EQ(document_media_type(R"({"manifests":[]})"), kMediaTypeIndex);
  EXPECT_EQ(document_media_type(R"({"mediaType":"x/y"})"), "x/y");
  EXPECT_THROW(document_media_type("{}"), base::Error);
}

}  // namespace cooper::oci
