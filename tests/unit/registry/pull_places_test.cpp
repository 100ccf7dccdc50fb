#include "registry/pull_places.h"

#include <gtest/gtest.h>
#include <mutex>

#include "base/error.h"
#include "fixtures.h"
#include "registry/pull.h"
#include "registry/push.h"
#include "support/error_of.h"
#include "support/fake_registry.h"

namespace cooper::registry {

namespace {

using support::error_of;
using testing::FakeRegistry;
using testing::FakeReply;
using testing::FakeRequest;

// A loopback port that nobody listens on any more.
std::string dead_host() {
  return FakeRegistry().host();
}

std::function<std::optional<FakeReply>(const FakeRequest&)> always(int status) {
  return [status](const FakeRequest&) {
    return std::optional(testing::refusal(status, "UNKNOWN", "the fake says so"));
  };
}

// Each mirror has what the origin has at "app" under "hub/app".
class FixedRoutes final : public Routes {
 public:
  FixedRoutes(std::vector<std::string> mirrors, bool fallback)
      : mirrors_(std::move(mirrors)), fallback_(fallback) {}

  HostOptions host(const std::string&) const override { return {}; }
  std::vector<oci::Reference> pull_from(const oci::Reference& reference) const override {
    std::vector<oci::Reference> places;
    for (const std::string& host : mirrors_) {
      oci::Reference place = reference;
      place.host = host;
      place.repository = "hub/" + reference.repository;
      places.push_back(place);
    }
    if (fallback_) places.push_back(reference);
    return places;
  }
  oci::Reference push_to(const oci::Reference& reference) const override { return reference; }

 private:
  std::vector<std::string> mirrors_;
  bool fallback_;
};

class RegistryPullPlaces : public ::testing::Test {
 protected:
  void open(std::vector<std::string> mirrors, bool fallback = true,
            std::shared_ptr<CredentialStore> credentials = nullptr) {
    ClientOptions options = quick_options();
    options.routes = std::make_shared<FixedRoutes>(std::move(mirrors), fallback);
    options.on_retry = [this](const std::string& line) {
      std::scoped_lock lock(mutex_);
      lines_.push_back(line);
    };
    client_ = Client::create(http_client(), std::move(credentials), options);
  }
  oci::Reference at(const std::string& rest) { return reference(origin_.host(), rest); }
  static base::Digest add_image(FakeRegistry& registry, const std::string& repository,
                                const std::string& text) {
    return registry.add_manifest(repository, "latest", std::string(oci::kMediaTypeManifest), text);
  }
  std::string pull(const oci::Descriptor& blob) {
    auto source = client_->open_blob(at("app"), blob, {});
    return read(*source);
  }
  std::size_t asked(FakeRegistry& registry) { return registry.server().requests().size(); }

  FakeRegistry origin_;
  FakeRegistry mirror_;
  std::shared_ptr<Client> client_;
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

}  // namespace

TEST_F(RegistryPullPlaces, AMirrorThatHasItIsAllThatIsAsked) {
  const base::Digest digest = add_image(mirror_, "hub/app", R"({"at":"mirror"})");
  const oci::Descriptor blob = mirror_.add_blob("hub/app", "bytes");
  add_image(origin_, "app", R"({"at":"origin"})");
  open({mirror_.host()});
  EXPECT_EQ(client_->fetch_manifest(at("app"), {})->raw, R"({"at":"mirror"})");
  EXPECT_EQ(client_->resolve(at("app"), {})->digest, digest);
  EXPECT_EQ(pull(blob), "bytes");
  EXPECT_TRUE(client_->has_blob(at("app"), blob.digest, {}));
  EXPECT_EQ(client_->list_tags(at("app"), {}), std::vector<std::string>{"latest"});
  EXPECT_EQ(asked(origin_), 0U);
  EXPECT_TRUE(lines_.empty()) << lines_[0];
}

TEST_F(RegistryPullPlaces, AMirrorWithoutItLeadsOn) {
  const base::Digest digest = add_image(origin_, "app", R"({"at":"origin"})");
  const oci::Descriptor blob = origin_.add_blob("app", noise(3'000'000));
  open({mirror_.host()});
  EXPECT_EQ(client_->fetch_manifest(at("app"), {})->digest, digest);
  EXPECT_EQ(client_->resolve(at("app"), {})->digest, digest);
  EXPECT_EQ(pull(blob), noise(3'000'000));
  EXPECT_TRUE(client_->has_blob(at("app"), blob.digest, {}));
  EXPECT_EQ(client_->list_tags(at("app"), {}), std::vector<std::string>{"latest"});
  EXPECT_FALSE(client_->fetch_manifest(at("nothing"), {}));
  EXPECT_FALSE(lines_.empty());
  EXPECT_NE(lines_[0].find(mirror_.host()), std::string::npos) << lines_[0];
}

class RegistryPullPlacesRefusals : public RegistryPullPlaces, public ::testing::WithParamInterface<int> {};

TEST_P(RegistryPullPlacesRefusals, LeadOn) {
  mirror_.server().before(always(GetParam()));
  const base::Digest digest = add_image(origin_, "app", R"({"at":"origin"})");
  const oci::Descriptor blob = origin_.add_blob("app", "bytes");
  open({mirror_.host()});
  EXPECT_EQ(client_->fetch_manifest(at("app"), {})->digest, digest);
  EXPECT_EQ(client_->resolve(at("app"), {})->digest, digest);
  EXPECT_EQ(pull(blob), "bytes");
  EXPECT_TRUE(client_->has_blob(at("app"), blob.digest, {}));
  ASSERT_FALSE(lines_.empty());
  EXPECT_NE(lines_[0].find(std::to_string(GetParam())), std::string::npos) << lines_[0];
  EXPECT_LE(mirror_.server().count("GET", "/manifests/"), 6U) << "mirrors get little patience";
}

INSTANTIATE_TEST_SUITE_P(Statuses, RegistryPullPlacesRefusals,
                         ::testing::Values(400, 401, 403, 429, 500, 503));

TEST_F(RegistryPullPlaces, ADeadMirrorCostsOneLine) {
  add_image(origin_, "app", R"({"at":"origin"})");
  const oci::Descriptor blob = origin_.add_blob("app", "bytes");
  const std::string dead = dead_host();
  open({dead});
  EXPECT_TRUE(client_->fetch_manifest(at("app"), {}));
  EXPECT_TRUE(client_->fetch_manifest(at("app:latest"), {}));
  EXPECT_EQ(pull(blob), "bytes");
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_NE(lines_[0].find(dead), std::string::npos) << lines_[0];
}

TEST_F(RegistryPullPlaces, AMirrorThatAnsweredIsAskedAgain) {
  add_image(mirror_, "hub/app", R"({"at":"mirror"})");
  add_image(origin_, "app", R"({"at":"origin"})");
  mirror_.server().before(
      testing::fail_times(2, "GET", "/manifests/", testing::refusal(500, "UNKNOWN", "for now")));
  open({mirror_.host()});
  EXPECT_EQ(client_->fetch_manifest(at("app"), {})->raw, R"({"at":"origin"})");
  EXPECT_EQ(client_->fetch_manifest(at("app"), {})->raw, R"({"at":"mirror"})");
}

TEST_F(RegistryPullPlaces, ALyingMirrorIsPassedOver) {
  const base::Digest digest = add_image(origin_, "app", R"({"at":"origin"})");
  const oci::Descriptor blob = origin_.add_blob("app", "the truth");
  add_image(mirror_, "hub/app", R"({"at":"origin"})");
  mirror_.add_blob("hub/app", "the truth");
  mirror_.server().after([](const FakeRequest&, FakeReply& reply) {
    if (!reply.body.empty()) reply.body[0] = '?';
  });
  open({mirror_.host()});
  oci::Reference pinned = at("app");
  pinned.digest = digest;
  EXPECT_EQ(client_->fetch_manifest(pinned, {})->raw, R"({"at":"origin"})");
  EXPECT_EQ(pull(blob), "the truth");
  EXPECT_EQ(lines_.size(), 2U);
}

TEST_F(RegistryPullPlaces, ALayerOfTheWrongSizeIsPassedOverAndALyingOneNamesTheMirror) {
  const std::string content = noise(3'000'000);
  const oci::Descriptor blob = origin_.add_blob("app", content);
  mirror_.add_blob("hub/app", content);
  std::string lie = content + "!";
  mirror_.server().after([&](const FakeRequest&, FakeReply& reply) { reply.body = lie; });
  open({mirror_.host()});
  EXPECT_EQ(pull(blob), content);
  lie = content;
  lie.back() = static_cast<char>(lie.back() ^ 1);
  const base::Error error = error_of([&] { pull(blob); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kCorrupt);
  EXPECT_NE(error.message().find(mirror_.host()), std::string::npos) << error.message();
}

TEST_F(RegistryPullPlaces, ErrorsNameWhatEachMirrorSaid) {
  mirror_.server().before(always(403));
  origin_.server().before(always(500));
  FakeRegistry empty;
  const std::string dead = dead_host();
  open({dead, mirror_.host(), empty.host()});
  const base::Error error = error_of([&] { client_->fetch_manifest(at("app"), {}); });
  for (const std::string& part :
       {dead, mirror_.host(), empty.host(), origin_.host(), std::string("does not have it")})
    EXPECT_NE(error.summary().find(part), std::string::npos) << part << " in " << error.summary();
}

TEST_F(RegistryPullPlaces, WithoutFallbackANoIsOnlyCertainWhenAllAnswered) {
  add_image(origin_, "app", R"({"at":"origin"})");
  FakeRegistry empty;
  open({empty.host(), mirror_.host()}, false);
  EXPECT_FALSE(client_->fetch_manifest(at("app"), {}));
  open({dead_host(), mirror_.host()}, false);
  const base::Error error = error_of([&] { client_->fetch_manifest(at("app"), {}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kRegistry);
  EXPECT_NE(error.message().find(mirror_.host()), std::string::npos) << error.message();
  EXPECT_EQ(asked(origin_), 0U);
}

TEST_F(RegistryPullPlaces, CredentialsAreLookedUpForTheMirrorItself) {
  mirror_.require_basic("ci", "secret");
  add_image(mirror_, "hub/app", R"({"at":"mirror"})");
  auto who = user("ci", "secret");
  open({mirror_.host()}, true, who);
  EXPECT_EQ(client_->fetch_manifest(at("app"), {})->raw, R"({"at":"mirror"})");
  for (const std::string& asked : who->asked()) EXPECT_EQ(asked, mirror_.host() + "/hub/app");
}

TEST_F(RegistryPullPlaces, PushesGoToTheRegistryItself) {
  open({mirror_.host()});
  const PushBlob blob = blob_of("bytes");
  client_->push_blob(at("app"), blob, {});
  client_->push_manifest(at("app"), std::string(oci::kMediaTypeManifest), "{}", {});
  EXPECT_TRUE(origin_.has_blob("app", blob.descriptor.digest));
  EXPECT_EQ(asked(mirror_), 0U);
}

TEST_F(RegistryPullPlaces, CancellationIsNotAMirrorsFault) {
  std::stop_source stop;
  stop.request_stop();
  open({mirror_.host()});
  EXPECT_EQ(error_of([&] { client_->fetch_manifest(at("app"), stop.get_token()); }).kind(),
            base::ErrorKind::kCancelled);
  EXPECT_TRUE(lines_.empty());
}

}  // namespace cooper::registry
