// The whole way against a registry that others wrote.
#include "support/docker_registry.h"

#include <gtest/gtest.h>
#include <thread>

#include "base/error.h"
#include "fixtures.h"
#include "registry/pull.h"
#include "registry/push.h"
#include "support/jwt_token_server.h"

namespace cooper::registry {

namespace {

const oci::Platform kAmd64{"linux", "amd64", "", "", {}};
const oci::Platform kArm64{"linux", "arm64", "", "", {}};

PushPlan plan_of(const oci::Reference& target, const std::vector<TestImage>& images) {
  PushPlan plan;
  plan.target = target;
  for (const TestImage& image : images) {
    for (const std::string& layer : image.layer_texts) plan.blobs.push_back(blob_of(layer));
    plan.blobs.push_back(blob_of(image.config_text, std::string(oci::kMediaTypeConfig)));
    plan.manifests.push_back({image.manifest.media_type, image.manifest.raw});
  }
  return plan;
}

// Takes its time: a registry behind a slow line.
class SlowSource final : public base::ByteSource {
 public:
  SlowSource(std::string text, std::chrono::milliseconds length)
      : source_(text), size_(text.size()), length_(length) {}
  std::size_t read(base::MutableByteSpan buffer) override {
    std::this_thread::sleep_until(begin_ + length_ * done_ / std::max<std::size_t>(size_, 1));
    std::size_t got = source_.read(buffer.first(std::min<std::size_t>(buffer.size(), size_ / 50 + 1)));
    done_ += got;
    return got;
  }

 private:
  OwningSource source_;
  std::size_t size_;
  std::size_t done_ = 0;
  std::chrono::milliseconds length_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

class RegistryAgainstDocker : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string missing = testing::DockerRegistry::unavailable();
    if (!missing.empty()) GTEST_SKIP() << missing;
  }
  base::ThreadPool pool_{3};
};

}  // namespace

TEST_F(RegistryAgainstDocker, PushesAndPullsAnImage) {
  testing::DockerRegistry server;
  auto registry = client();
  TestImage image = make_image(kAmd64, {noise(3'000'000), "small", ""});
  PushPlan plan = plan_of(reference(server.host(), "team/app"), {image});
  plan.tags = {"1.0", "latest"};
  push_image(*registry, plan, {}, pool_, {});

  PulledImage pulled = pull_image(*registry, reference(server.host(), "team/app:1.0"), kAmd64, {});
  EXPECT_EQ(pulled.manifest.raw, image.manifest.raw);
  EXPECT_EQ(pulled.reference.digest, base::sha256(image.manifest.raw));
  ASSERT_EQ(pulled.manifest.layers.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    auto blob = registry->open_blob(pulled.reference, pulled.manifest.layers[i], {});
    EXPECT_EQ(read(*blob), image.layer_texts[i]);
  }
}

TEST_F(RegistryAgainstDocker, ChoosesThePlatformFromAnIndex) {
  testing::DockerRegistry server;
  auto registry = client();
  std::vector<TestImage> images = {make_image(kAmd64, {"for amd64"}), make_image(kArm64, {"for arm64"})};
  PushPlan plan = plan_of(reference(server.host(), "app"), images);
  oci::Index index;
  index.media_type = oci::kMediaTypeIndex;
  for (std::size_t i = 0; i < images.size(); ++i) {
    index.manifests.push_back(images[i].manifest.descriptor());
    index.manifests.back().platform = i == 0 ? kAmd64 : kArm64;
  }
  index.serialize();
  plan.manifests.push_back({index.media_type, index.raw});
  plan.tags = {"multi"};
  push_image(*registry, plan, {}, pool_, {});

  oci::Reference multi = reference(server.host(), "app:multi");
  EXPECT_EQ(pull_image(*registry, multi, kArm64, {}).manifest.raw, images[1].manifest.raw);
  EXPECT_EQ(pull_image(*registry, multi, kAmd64, {}).named_digest, base::sha256(index.raw));
  EXPECT_EQ(registry->resolve(multi, {})->digest, base::sha256(index.raw));
  try {
    pull_image(*registry, multi, {"linux", "s390x", "", "", {}}, {});
    FAIL() << "an absent platform was pulled";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kRegistry);
    EXPECT_NE(error.message().find("linux/amd64, linux/arm64"), std::string::npos) << error.message();
  }
}

TEST_F(RegistryAgainstDocker, SaysHowABlobGotThere) {
  testing::DockerRegistry server;
  auto registry = client();
  PushBlob blob = blob_of(noise(100'000));
  oci::Reference first = reference(server.host(), "first");
  oci::Reference second = reference(server.host(), "second");
  EXPECT_FALSE(registry->has_blob(first, blob.descriptor.digest, {}));
  EXPECT_EQ(registry->push_blob(first, blob, {}), BlobPush::kUploaded);
  EXPECT_EQ(registry->push_blob(first, blob, {}), BlobPush::kExisted);
  blob.mount_from = "first";
  EXPECT_EQ(registry->push_blob(second, blob, {}), BlobPush::kMounted);
  EXPECT_TRUE(registry->has_blob(second, blob.descriptor.digest, {}));
}

TEST_F(RegistryAgainstDocker, TakesABlobBeforeItsDigestIsKnown) {
  testing::DockerRegistry server;
  auto registry = client();
  std::string content = noise(5'000'000);
  oci::Reference target = reference(server.host(), "stream");
  auto upload = registry->begin_upload(target, {});
  ASSERT_NE(upload, nullptr);
  for (std::size_t i = 0; i < content.size(); i += 300'000) {
    upload->write(
        std::as_bytes(std::span(content).subspan(i, std::min<std::size_t>(300'000, content.size() - i))));
  }
  EXPECT_TRUE(upload->commit(base::sha256(content)));
  auto blob = registry->open_blob(target, blob_of(content).descriptor, {});
  EXPECT_EQ(read(*blob), content);
}

TEST_F(RegistryAgainstDocker, AnswersItsPasswordChallenge) {
  testing::DockerRegistry server({.password = true, .token_realm = {}, .token_certificate = {}});
  oci::Reference target = reference(server.host(), "private");
  PushBlob blob = blob_of("secret things");
  EXPECT_EQ(client(user("ci", "secret"))->push_blob(target, blob, {}), BlobPush::kUploaded);
  try {
    client(user("ci", "wrong"))->has_blob(target, blob.descriptor.digest, {});
    FAIL() << "a wrong password was accepted";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kAuth);
    EXPECT_EQ(error.render().find("wrong"), std::string::npos) << error.render();
  }
}

// Every scope costs one request to the token server, whatever is done with it.
TEST_F(RegistryAgainstDocker, TakesTheTokensOfAServer) {
  testing::JwtTokenServer tokens(300);
  testing::DockerRegistry server(
      {.password = false, .token_realm = tokens.realm(), .token_certificate = tokens.certificate()});
  auto registry = client();
  TestImage image = make_image(kAmd64, {noise(1'000'000), "small"});
  PushPlan plan = plan_of(reference(server.host(), "team/app"), {image});
  plan.tags = {"1"};
  push_image(*registry, plan, {}, pool_, {});
  EXPECT_EQ(tokens.server().requests().size(), 1U) << "pull,push";
  PulledImage pulled = pull_image(*registry, reference(server.host(), "team/app:1"), kAmd64, {});
  EXPECT_EQ(pulled.manifest.raw, image.manifest.raw);
  EXPECT_EQ(tokens.server().requests().size(), 2U) << "pull";
  PushBlob blob = blob_of("small");
  blob.mount_from = "team/app";
  EXPECT_EQ(registry->push_blob(reference(server.host(), "other"), blob, {}), BlobPush::kMounted);
  EXPECT_EQ(tokens.server().requests().size(), 4U) << "pull,push of the other; that and pull of this";
}

// The token dies while the blobs are on their way, in one PUT and in one PATCH.
TEST_F(RegistryAgainstDocker, APushMayTakeLongerThanATokenLives) {
  testing::JwtTokenServer tokens(5);
  testing::DockerRegistry server(
      {.password = false, .token_realm = tokens.realm(), .token_certificate = tokens.certificate()});
  auto registry = client();
  constexpr std::chrono::milliseconds kLonger{6500};
  TestImage image = make_image(kAmd64, {noise(500'000), noise(700'000)});
  const oci::Reference app = reference(server.host(), "app");
  {
    std::jthread streaming([&] {
      auto upload = registry->begin_upload(app, {});
      SlowSource source(image.layer_texts[0], kLonger);
      base::copy_all(source, *upload);
      EXPECT_TRUE(upload->commit(base::sha256(image.layer_texts[0])));
    });
    PushBlob slow = blob_of(image.layer_texts[1]);
    slow.open = [&] { return std::make_unique<SlowSource>(image.layer_texts[1], kLonger); };
    EXPECT_EQ(registry->push_blob(app, slow, {}), BlobPush::kUploaded);
  }
  PushPlan plan = plan_of(app, {image});
  plan.tags = {"1"};
  push_image(*registry, plan, {}, pool_, {});
  EXPECT_EQ(pull_image(*registry, reference(server.host(), "app:1"), kAmd64, {}).manifest.raw,
            image.manifest.raw);
  EXPECT_GE(tokens.server().count("GET", "push"), 2U);
}

TEST_F(RegistryAgainstDocker, ReportsWhatDoesNotExist) {
  testing::DockerRegistry server;
  auto registry = client();
  oci::Reference absent = reference(server.host(), "nothing:here");
  EXPECT_FALSE(registry->fetch_manifest(absent, {}).has_value());
  EXPECT_FALSE(registry->resolve(absent, {}).has_value());
  EXPECT_THROW(pull_image(*registry, absent, kAmd64, {}), base::Error);
}

TEST_F(RegistryAgainstDocker, ShowsWhyAManifestWasRefused) {
  testing::DockerRegistry server;
  TestImage image = make_image(kAmd64, {"never pushed"});
  try {
    client()->push_manifest(reference(server.host(), "app:x"), image.manifest.media_type, image.manifest.raw,
                            {});
    FAIL() << "a manifest without its blobs was accepted";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kRegistry);
    EXPECT_NE(error.summary().find("blob unknown to registry"), std::string::npos) << error.summary();
  }
}

}  // namespace cooper::registry
