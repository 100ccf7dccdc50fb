#include "registry/resumable_upload.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "fixtures.h"
#include "support/error_of.h"
#include "support/fake_registry.h"

namespace cooper::registry {

namespace {

using support::error_of;
using testing::fail_times;
using testing::FakeRegistry;
using testing::FakeReply;
using testing::FakeRequest;

constexpr std::size_t kMiB = 1 << 20;

class RegistryUpload : public ::testing::Test {
 protected:
  oci::Reference at(const std::string& rest) { return reference(fake_.host(), rest); }

  // nginx's client_max_body_size: refuses by the announced length, before the body.
  void limit_bodies(std::size_t limit) {
    fake_.server().early([limit](const FakeRequest& request) -> std::optional<FakeReply> {
      const std::string length = request.header("content-length");
      if (!length.empty() && std::stoull(length) > limit) return testing::refusal(413, "SIZE", "too large");
      return std::nullopt;
    });
  }

  std::vector<FakeRequest> uploads(const std::string& method) {
    std::vector<FakeRequest> found;
    for (FakeRequest& request : fake_.server().requests()) {
      if (request.method == method && request.path.find("/blobs/uploads/") != std::string::npos)
        found.push_back(std::move(request));
    }
    return found;
  }

  void expect_pushed(const std::string& content) {
    PushBlob blob = blob_of(content);
    EXPECT_EQ(client_->push_blob(at("app"), blob, {}), BlobPush::kUploaded);
    EXPECT_TRUE(fake_.has_blob("app", blob.descriptor.digest));
    EXPECT_TRUE(fake_.blob(blob.descriptor.digest) == content);
  }

  FakeRegistry fake_;
  std::shared_ptr<Client> client_ = registry::client();
};

}  // namespace

TEST_F(RegistryUpload, GoesUpInChunksBehindABodyLimit) {
  limit_bodies(kMiB);
  const std::string content = noise(5 * kMiB + 17);
  expect_pushed(content);
  std::vector<FakeRequest> taken;
  for (FakeRequest& patch : uploads("PATCH")) {
    if (!patch.body.empty()) taken.push_back(std::move(patch));
  }
  ASSERT_EQ(taken.size(), 6U);
  EXPECT_EQ(taken[0].header("content-range"), "0-1048575");
  EXPECT_EQ(taken[5].header("content-range"), "5242880-5242896");
  EXPECT_EQ(taken[1].query["_state"], "y") << "the newest location was not followed";
  EXPECT_EQ(uploads("POST").size(), 1U) << "a refusal of the proxy cost a session";
}

TEST_F(RegistryUpload, RemembersTheLimitOfTheHost) {
  limit_bodies(kMiB);
  expect_pushed(noise(3 * kMiB));
  const std::size_t puts = uploads("PUT").size();
  const std::size_t patches = uploads("PATCH").size();
  expect_pushed(noise(2 * kMiB + 1));
  EXPECT_EQ(uploads("PATCH").size(), patches + 3);
  EXPECT_EQ(uploads("PUT").size(), puts + 1);
  expect_pushed("a small one goes up in one piece");
  EXPECT_EQ(uploads("PATCH").size(), patches + 3);
  EXPECT_EQ(client_->begin_upload(at("app"), {}), nullptr) << "what is streamed cannot be cut";
}

TEST_F(RegistryUpload, AStreamedUploadTeachesTheLimit) {
  fake_.server().early([](const FakeRequest& request) -> std::optional<FakeReply> {
    if (request.method == "PATCH" && request.header("content-length").empty())
      return testing::refusal(413, "SIZE", "too large");
    return std::nullopt;
  });
  const std::string content = noise(3 * kMiB);
  auto upload = client_->begin_upload(at("app"), {});
  upload->write(std::as_bytes(std::span(content)));
  EXPECT_FALSE(upload->commit(base::sha256(content)));
  expect_pushed(content);
  EXPECT_EQ(client_->begin_upload(at("app"), {}), nullptr);
}

TEST_F(RegistryUpload, SaysThatTheLimitIsTooLow) {
  limit_bodies(1000);
  base::Error error = error_of([&] { client_->push_blob(at("app"), blob_of(noise(3 * kMiB)), {}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kRegistry);
  EXPECT_NE(error.summary().find("answered 413"), std::string::npos) << error.summary();
  EXPECT_NE(error.hint().find("limit of request bodies"), std::string::npos) << error.hint();
}

TEST_F(RegistryUpload, KeepsToTheRegistrysLeastChunk) {
  limit_bodies(4 * kMiB);
  fake_.server().after([](const FakeRequest& request, FakeReply& reply) {
    if (request.method == "POST") reply.with("OCI-Chunk-Min-Length", "3145728");
  });
  expect_pushed(noise(9 * kMiB));
  std::vector<std::size_t> sizes;
  for (const FakeRequest& patch : uploads("PATCH")) {
    if (!patch.body.empty()) sizes.push_back(patch.body.size());
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{4 * kMiB, 4 * kMiB, kMiB})) << "the last one may be shorter";
}

TEST_F(RegistryUpload, RefusesAProxyThatTakesLessThanTheLeastChunk) {
  limit_bodies(kMiB);
  fake_.server().after([](const FakeRequest& request, FakeReply& reply) {
    if (request.method == "POST") reply.with("OCI-Chunk-Min-Length", "3145728");
  });
  base::Error error = error_of([&] { client_->push_blob(at("app"), blob_of(noise(9 * kMiB)), {}); });
  EXPECT_NE(error.summary().find("answered 413"), std::string::npos) << error.summary();
}

TEST_F(RegistryUpload, GoesOnWhereTheRegistryIs) {
  fake_.break_uploads(1, 1'000'000);
  const std::string content = noise(3'000'000);
  expect_pushed(content);
  EXPECT_EQ(uploads("POST").size(), 1U);
  std::vector<FakeRequest> patches = uploads("PATCH");
  ASSERT_EQ(patches.size(), 1U);
  EXPECT_EQ(patches[0].header("content-range"), "1000000-2999999");
  EXPECT_EQ(patches[0].query["_state"], "y") << "the status has the newest location";
}

// Far more breaks than attempts: each one got further.
TEST_F(RegistryUpload, CountsOnlyBreaksWithoutProgress) {
  fake_.break_uploads(20, 50'000);
  expect_pushed(noise(1'100'000));
  EXPECT_EQ(uploads("POST").size(), 1U);
}

TEST_F(RegistryUpload, GivesUpWithoutProgress) {
  fake_.break_uploads(1000, 0);
  base::Error error = error_of([&] { client_->push_blob(at("app"), blob_of(noise(300'000)), {}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kRegistry);
  EXPECT_EQ(uploads("PUT").size(), 4U);
  EXPECT_NE(error.summary().find(fake_.host()), std::string::npos) << error.summary();
}

TEST_F(RegistryUpload, StartsOverWhereNothingIsResumed) {
  fake_.set_resumable(false);
  fake_.break_uploads(2, 100'000);
  expect_pushed(noise(300'000));
  EXPECT_EQ(uploads("POST").size(), 3U);
}

// What starts over has achieved nothing, however far it came.
TEST_F(RegistryUpload, BreaksThatStartOverAreCounted) {
  fake_.set_resumable(false);
  fake_.break_uploads(1000, 100'000);
  EXPECT_EQ(error_of([&] { client_->push_blob(at("app"), blob_of(noise(300'000)), {}); }).kind(),
            base::ErrorKind::kRegistry);
  EXPECT_EQ(uploads("POST").size(), 4U);
}

TEST_F(RegistryUpload, AsksTheStatusAfterAWrongRange) {
  limit_bodies(kMiB);
  fake_.server().before(fail_times(1, "PATCH", "_state=y", testing::refusal(416, "RANGE_INVALID", "no")));
  expect_pushed(noise(3 * kMiB));
}

TEST_F(RegistryUpload, ALyingStatusStartsOver) {
  fake_.break_uploads(1, 100'000);
  fake_.server().after([](const FakeRequest& request, FakeReply& reply) {
    if (request.method == "GET") {
      reply.headers.clear();
      reply.with("Range", "0-99999999999");
    }
  });
  expect_pushed(noise(300'000));
  EXPECT_EQ(uploads("POST").size(), 2U);
}

// The status says one thing and the PATCH another, again and again.
TEST_F(RegistryUpload, ARegistryThatContradictsItselfGetsANewSession) {
  fake_.break_uploads(1, 100'000);
  fake_.server().after([](const FakeRequest& request, FakeReply& reply) {
    if (request.method != "GET") return;
    for (auto& [name, value] : reply.headers) {
      if (name == "Range") value = "0-49999";
    }
  });
  expect_pushed(noise(300'000));
  EXPECT_EQ(uploads("POST").size(), 2U);
}

// What the registry has of a broken upload are not our bytes.
TEST_F(RegistryUpload, AResumedUploadWithAWrongDigestStartsOver) {
  fake_.break_uploads(1, 100'000);
  fake_.server().before(fail_times(1, "PUT", "_state=y", testing::refusal(400, "DIGEST_INVALID", "no")));
  expect_pushed(noise(300'000));
  EXPECT_EQ(uploads("POST").size(), 2U);
}

TEST_F(RegistryUpload, ACommitWhoseAnswerWasLostIsDone) {
  bool lost = false;
  fake_.server().after([&](const FakeRequest& request, FakeReply& reply) {
    if (request.method == "PUT" && !lost) {
      lost = true;
      reply.status = 0;
      reply.end(FakeReply::Ending::kReset, 0);
    }
  });
  expect_pushed(noise(300'000));
  EXPECT_EQ(uploads("PUT").size(), 1U) << "it was sent twice";
}

TEST_F(RegistryUpload, AnExpiredTokenInTheMiddleIsRenewed) {
  testing::FakeTokenServer tokens;
  fake_.require_token(tokens.realm());
  limit_bodies(kMiB);
  FakeReply expired = testing::refusal(401, "UNAUTHORIZED", "expired");
  expired.with("WWW-Authenticate",
               "Bearer realm=\"" + tokens.realm() + "\",service=\"fake\",error=\"invalid_token\"");
  fake_.server().before(fail_times(1, "PATCH", "_state=y", expired));
  expect_pushed(noise(3 * kMiB));
  EXPECT_EQ(uploads("POST").size(), 1U) << "the session goes on with another token";
  EXPECT_EQ(tokens.server().requests().size(), 2U);
}

TEST_F(RegistryUpload, ABlobThatBecameShorterIsNotSentForEver) {
  PushBlob blob = blob_of(noise(300'000));
  blob.open = [] { return std::make_unique<OwningSource>("short"); };
  EXPECT_EQ(error_of([&] { client_->push_blob(at("app"), blob, {}); }).kind(), base::ErrorKind::kCorrupt);
}

TEST_F(RegistryUpload, ReadsTheBlobOnceWhenNothingBreaks) {
  limit_bodies(kMiB);
  expect_pushed(noise(2 * kMiB));  // teaches the limit
  int opened = 0;
  const std::string content = noise(5 * kMiB);
  PushBlob blob = blob_of(content);
  blob.open = [&] {
    ++opened;
    return std::make_unique<OwningSource>(content);
  };
  client_->push_blob(at("app"), blob, {});
  EXPECT_EQ(opened, 1);
}

TEST_F(RegistryUpload, StopsBetweenAttempts) {
  ClientOptions patient = quick_options();
  patient.retry.first_delay = std::chrono::hours(1);
  patient.retry.longest_delay = std::chrono::hours(1);
  std::stop_source source;
  patient.on_retry = [&](const std::string&) { source.request_stop(); };
  auto client = Client::create(http_client(), nullptr, patient);
  fake_.break_uploads(1000, 10);
  EXPECT_EQ(error_of([&] { client->push_blob(at("app"), blob_of(noise(1000)), source.get_token()); }).kind(),
            base::ErrorKind::kCancelled);
}

}  // namespace cooper::registry
