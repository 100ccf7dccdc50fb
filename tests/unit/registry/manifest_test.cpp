// Manifests and indexes of registries that say too little, too much, or something else.
#include <gtest/gtest.h>

#include "base/error.h"
#include "fixtures.h"
#include "registry/pull.h"
#include "support/error_of.h"
#include "support/fake_registry.h"

namespace cooper::registry {

namespace {

using support::error_of;
using testing::FakeRegistry;
using testing::FakeReply;
using testing::FakeRequest;

const oci::Platform kAmd64{"linux", "amd64", "", "", {}};

class RegistryManifest : public ::testing::Test {
 protected:
  RegistryManifest() {
    fake_.add_blob("app", image_.config_text);
    fake_.add_manifest("app", "1", image_.manifest.media_type, image_.manifest.raw);
  }
  oci::Reference at(const std::string& rest) { return reference(fake_.host(), rest); }

  // Replaces a header of every answer; "" takes it away.
  void rewrite(const std::string& name, const std::string& value) {
    fake_.server().after([=](const FakeRequest&, FakeReply& reply) {
      std::erase_if(reply.headers, [&](const auto& header) { return header.first == name; });
      if (!value.empty()) reply.with(name, value);
    });
  }

  FakeRegistry fake_;
  std::shared_ptr<Client> client_ = registry::client();
  TestImage image_ = make_image(kAmd64, {"layer"});
};

}  // namespace

TEST_F(RegistryManifest, NeedsNoDigestHeader) {
  rewrite("Docker-Content-Digest", "");
  EXPECT_EQ(client_->fetch_manifest(at("app:1"), {})->digest, base::sha256(image_.manifest.raw));
  EXPECT_EQ(client_->resolve(at("app:1"), {}), image_.manifest.descriptor()) << "by fetching it";
  EXPECT_EQ(fake_.server().count("GET", "/manifests/1"), 2U);
}

// What cannot be checked is not believed: the digest is our own.
TEST_F(RegistryManifest, IgnoresADigestOfAnotherAlgorithm) {
  rewrite("Docker-Content-Digest", "sha512:" + std::string(128, 'a'));
  EXPECT_EQ(client_->fetch_manifest(at("app:1"), {})->digest, base::sha256(image_.manifest.raw));
  EXPECT_EQ(client_->resolve(at("app:1"), {}), image_.manifest.descriptor());
}

TEST_F(RegistryManifest, RefusesLayersOfAnotherAlgorithm) {
  std::string raw = image_.manifest.raw;
  const std::string sha256 = image_.manifest.layers[0].digest.str();
  raw.replace(raw.find(sha256), sha256.size(), "sha512:" + std::string(128, 'a'));
  fake_.add_manifest("app", "2", image_.manifest.media_type, raw);
  base::Error error = error_of([&] { pull_image(*client_, at("app:2"), kAmd64, {}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kCorrupt);
  EXPECT_NE(error.summary().find("sha512:aaa"), std::string::npos) << error.summary();
  EXPECT_NE(error.summary().find(at("app:2").familiar()), std::string::npos) << error.summary();
}

TEST_F(RegistryManifest, ChecksThatADigestNamesWhatItNames) {
  const std::string pinned = "app@" + base::sha256(image_.manifest.raw).str();
  rewrite("Docker-Content-Digest", base::sha256("another").str());
  EXPECT_EQ(error_of([&] { client_->resolve(at(pinned), {}); }).kind(), base::ErrorKind::kCorrupt);
  EXPECT_EQ(client_->fetch_manifest(at(pinned), {})->raw, image_.manifest.raw) << "the bytes are right";
  EXPECT_EQ(error_of([&] { client_->fetch_manifest(at("app:1"), {}); }).kind(), base::ErrorKind::kCorrupt);
}

TEST_F(RegistryManifest, ALengthThatCannotBeIsNotBelieved) {
  for (const char* length : {"0", "-1", "99999999999999999999", "9999999999", "many"}) {
    FakeRegistry fake;
    fake.add_manifest("app", "1", image_.manifest.media_type, image_.manifest.raw);
    fake.server().after([length](const FakeRequest& request, FakeReply& reply) {
      if (request.method == "HEAD") reply.with("Content-Length", length);
    });
    try {
      EXPECT_EQ(client_->resolve(reference(fake.host(), "app:1"), {}), image_.manifest.descriptor())
          << length;
    } catch (const base::Error& error) {
      // The HTTP library refuses some of them itself.
      EXPECT_EQ(error.kind(), base::ErrorKind::kRegistry) << length;
      EXPECT_NE(error.summary().find(fake.host()), std::string::npos) << error.summary();
    }
  }
}

// The distribution-spec asks registries for 4 MiB at least; an index of many platforms may have more.
TEST_F(RegistryManifest, MayBeLargerThanFourMebibytesButNotEndless) {
  image_.manifest.annotations["note"] = std::string(5 << 20, 'x');
  image_.manifest.serialize();
  fake_.add_manifest("app", "large", image_.manifest.media_type, image_.manifest.raw);
  EXPECT_EQ(pull_image(*client_, at("app:large"), kAmd64, {}).manifest.raw, image_.manifest.raw);
  image_.manifest.annotations["note"] = std::string(9 << 20, 'x');
  image_.manifest.serialize();
  fake_.add_manifest("app", "endless", image_.manifest.media_type, image_.manifest.raw);
  EXPECT_EQ(error_of([&] { pull_image(*client_, at("app:endless"), kAmd64, {}); }).kind(),
            base::ErrorKind::kCorrupt);
}

TEST_F(RegistryManifest, OneDocumentIsReadInOneWay) {
  fake_.add_manifest("app", "2", std::string(oci::kMediaTypeIndex), image_.manifest.raw);
  EXPECT_EQ(error_of([&] { pull_image(*client_, at("app:2"), kAmd64, {}); }).kind(),
            base::ErrorKind::kCorrupt);
}

TEST_F(RegistryManifest, PushesWhereNoHeadIsAnswered) {
  fake_.server().before(testing::fail_times(9, "HEAD", "", testing::refusal(405, "UNSUPPORTED", "no")));
  EXPECT_EQ(client_->push_blob(at("app"), blob_of("content"), {}), BlobPush::kUploaded);
}

TEST_F(RegistryManifest, AnUploadWithoutALocationIsAnError) {
  fake_.server().after([](const FakeRequest& request, FakeReply& reply) {
    if (request.method == "POST") reply.headers.clear();
  });
  base::Error error = error_of([&] { client_->push_blob(at("app"), blob_of("content"), {}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kRegistry);
  EXPECT_NE(error.summary().find("without a location"), std::string::npos) << error.summary();
}

}  // namespace cooper::registry
