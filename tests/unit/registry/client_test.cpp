#include "registry/client.h"

#include <gtest/gtest.h>
#include <thread>

#include "base/error.h"
#include "fixtures.h"
#include "registry/pull.h"
#include "registry/push.h"
#include "support/fake_registry.h"

namespace cooper::registry {

namespace {

using testing::fail_times;
using testing::FakeRegistry;
using testing::FakeReply;
using testing::FakeRequest;
using Ending = testing::FakeReply::Ending;

FakeReply status(int code) {
  return FakeReply{code, {}, "", Ending::kComplete, 0};
}

base::Error failure_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const base::Error& error) {
    return error;
  }
  ADD_FAILURE() << "it succeeded";
  return base::Error(base::ErrorKind::kInternal, "");
}

class RegistryClient : public ::testing::Test {
 protected:
  oci::Reference at(const std::string& rest) { return reference(fake_.host(), rest); }
  std::string pull(const oci::Descriptor& blob) {
    auto source = client_->open_blob(at("app"), blob, {});
    return read(*source);
  }

  FakeRegistry fake_;
  std::shared_ptr<Client> client_ = registry::client();
};

}  // namespace

TEST_F(RegistryClient, PullsAVerifiedBlob) {
  std::string content = noise(3'000'000);
  EXPECT_EQ(pull(fake_.add_blob("app", content)), content);
  EXPECT_EQ(pull(fake_.add_blob("app", "")), "");
}

TEST_F(RegistryClient, ListsTagsPageByPage) {
  fake_.server().before([](const FakeRequest& request) -> std::optional<FakeReply> {
    if (request.path.find("/tags/list") == std::string::npos) return std::nullopt;
    FakeReply reply = status(200);
    if (!request.query.contains("last")) {
      reply.headers.emplace_back("Link", "</v2/app/tags/list?n=2&last=b>; rel=\"next\"");
      reply.body = R"({"name":"app","tags":["a","b"]})";
    } else {
      reply.body = R"({"name":"app","tags":["c"]})";
    }
    return reply;
  });
  EXPECT_EQ(client_->list_tags(at("app"), {}), (std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(RegistryClient, ARegistryWithoutTheRepositoryHasNoTags) {
  fake_.server().before([](const FakeRequest&) { return std::optional(status(404)); });
  EXPECT_TRUE(client_->list_tags(at("app"), {}).empty());
}

TEST_F(RegistryClient, APageThatLeadsToItselfEnds) {
  fake_.server().before([](const FakeRequest& request) {
    FakeReply reply = status(200);
    reply.headers.emplace_back("Link", "<" + request.path + ">; rel=\"next\"");
    reply.body = R"({"tags":["a"]})";
    return std::optional(reply);
  });
  EXPECT_EQ(client_->list_tags(at("app"), {}).front(), "a");
}

TEST_F(RegistryClient, CatchesALyingRegistry) {
  oci::Descriptor blob = fake_.add_blob("app", "the true content");
  std::string lie;
  fake_.server().after([&](const FakeRequest& request, FakeReply& reply) {
    if (request.path.find("/blobs/") != std::string::npos) reply.body = lie;
  });
  for (const char* text : {"the FALSE content", "short", "", "the true content and more"}) {
    lie = text;
    EXPECT_EQ(failure_of([&] { pull(blob); }).kind(), base::ErrorKind::kCorrupt) << text;
  }
}

TEST_F(RegistryClient, ResumesADroppedBlob) {
  std::string content = noise(2'000'000);
  oci::Descriptor blob = fake_.add_blob("app", content);
  int drops = 0;
  fake_.server().after([&](const FakeRequest& request, FakeReply& reply) {
    if (request.path.find("/blobs/") != std::string::npos && drops < 3) {
      reply.end(drops % 2 == 0 ? Ending::kClose : Ending::kReset, 500'000);
      ++drops;
    }
  });
  EXPECT_EQ(pull(blob), content);
  EXPECT_EQ(drops, 3);
  EXPECT_EQ(fake_.server().requests()[1].header("range").rfind("bytes=", 0), 0U);
}

TEST_F(RegistryClient, ResumesWithoutRangesByReadingAgain) {
  std::string content = noise(2'000'000);
  oci::Descriptor blob = fake_.add_blob("app", content);
  int requests = 0;
  fake_.server().before([&](const FakeRequest&) {
    FakeReply reply;
    reply.body = content;
    if (++requests == 1) reply.end(Ending::kClose, 700'000);
    return std::optional(reply);
  });
  EXPECT_EQ(pull(blob), content);
  EXPECT_EQ(requests, 2);
}

TEST_F(RegistryClient, RefusesAWrongRange) {
  std::string content = noise(2'000'000);
  oci::Descriptor blob = fake_.add_blob("app", content);
  fake_.server().after([&](const FakeRequest& request, FakeReply& reply) {
    if (!request.has_header("range")) {
      reply.end(Ending::kClose, 700'000);
    } else {
      reply.headers = {{"Content-Range", "bytes 0-9/2000000"}};
    }
  });
  EXPECT_EQ(failure_of([&] { pull(blob); }).kind(), base::ErrorKind::kRegistry);
}

TEST_F(RegistryClient, RefusesARangeOfAnotherBlob) {
  oci::Descriptor blob = fake_.add_blob("app", noise(2'000'000));
  fake_.server().after([&](const FakeRequest& request, FakeReply& reply) {
    if (!request.has_header("range")) {
      reply.end(Ending::kClose, 700'000);
      return;
    }
    for (auto& [name, value] : reply.headers) {
      if (name == "Content-Range") value.replace(value.find('/'), std::string::npos, "/2000001");
    }
  });
  EXPECT_EQ(failure_of([&] { pull(blob); }).kind(), base::ErrorKind::kRegistry);
}

// Everything came, then the connection broke instead of ending: there is no byte left to ask for.
TEST_F(RegistryClient, ReadsAgainWhereARangeIsNotServed) {
  std::string content = noise(2'000'000);
  oci::Descriptor blob = fake_.add_blob("app", content);
  int requests = 0;
  fake_.server().after([&](const FakeRequest& request, FakeReply& reply) {
    if (request.has_header("range")) reply = status(416);
    if (++requests == 1) reply.end(Ending::kClose, 700'000);
  });
  EXPECT_EQ(pull(blob), content);
  EXPECT_EQ(requests, 3);
}

// The address that the registry gave for the storage has expired when the blob goes on.
TEST_F(RegistryClient, AsksTheRegistryForANewAddressOfTheStorage) {
  std::string content = noise(2'000'000);
  oci::Descriptor blob = fake_.add_blob("app", content);
  int signatures = 0;
  FakeRegistry storage;
  storage.add_blob("bucket", content);
  storage.server().before([](const FakeRequest& request) -> std::optional<FakeReply> {
    if (request.query.at("signature") == "2") return testing::refusal(403, "EXPIRED", "expired");
    return std::nullopt;
  });
  storage.server().after([](const FakeRequest& request, FakeReply& reply) {
    if (!request.has_header("range")) reply.end(Ending::kClose, 700'000);
  });
  fake_.server().after([&](const FakeRequest&, FakeReply& reply) {
    reply = status(307);
    reply.with("Location", storage.server().url("/v2/bucket/blobs/" + blob.digest.str() +
                                                "?signature=" + std::to_string(++signatures)));
  });
  EXPECT_EQ(pull(blob), content);
  EXPECT_EQ(signatures, 3);
  EXPECT_TRUE(storage.server().requests().back().has_header("range"));
}

TEST_F(RegistryClient, GivesUpOnABlobThatNeverGetsOn) {
  oci::Descriptor blob = fake_.add_blob("app", noise(100'000));
  fake_.server().after([&](const FakeRequest&, FakeReply& reply) { reply.end(Ending::kClose, 0); });
  base::Error error = failure_of([&] { pull(blob); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kRegistry);
  EXPECT_NE(error.summary().find(blob.digest.str()), std::string::npos) << error.summary();
}

TEST_F(RegistryClient, WaitsOutRefusalsThatMayPass) {
  oci::Descriptor blob = fake_.add_blob("app", "content");
  FakeReply busy = status(429);
  busy.with("Retry-After", "0");
  fake_.server().before(fail_times(1, "GET", "/blobs/", busy));
  fake_.server().before(fail_times(1, "GET", "/blobs/", status(503)));
  EXPECT_EQ(pull(blob), "content");
  EXPECT_EQ(fake_.server().requests().size(), 3U);
}

TEST_F(RegistryClient, ShowsWhatTheRegistrySaid) {
  fake_.server().before(
      fail_times(9, "GET", "/manifests/", testing::refusal(400, "NAME_INVALID", "bad\\u001b[31m name")));
  base::Error error = failure_of([&] { client_->fetch_manifest(at("app:1"), {}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kRegistry);
  EXPECT_NE(error.summary().find("pull manifest '1' of '" + fake_.host() + "/app'"), std::string::npos);
  EXPECT_NE(error.summary().find("answered 400: "), std::string::npos) << error.summary();
  EXPECT_EQ(error.summary().find('\x1b'), std::string::npos) << "a terminal escape got through";
}

TEST_F(RegistryClient, DeniedIsAnAuthError) {
  fake_.server().before(
      fail_times(9, "GET", "", testing::refusal(403, "DENIED", "requested access is denied")));
  base::Error error = failure_of([&] { client_->fetch_manifest(at("app:1"), {}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kAuth);
  EXPECT_NE(error.summary().find("without credentials"), std::string::npos) << error.summary();
  EXPECT_NE(error.summary().find("requested access is denied"), std::string::npos) << error.summary();
}

TEST_F(RegistryClient, FetchesManifestsByTagAndDigest) {
  TestImage image = make_image({"linux", "amd64", "", "", {}}, {"layer"});
  base::Digest digest = fake_.add_manifest("app", "1", image.manifest.media_type, image.manifest.raw);
  EXPECT_EQ(client_->fetch_manifest(at("app:1"), {})->raw, image.manifest.raw);
  EXPECT_EQ(client_->fetch_manifest(at("app@" + digest.str()), {})->digest, digest);
  EXPECT_FALSE(client_->fetch_manifest(at("app:2"), {}));
  std::string accept = fake_.server().requests()[0].header("accept");
  for (std::string_view type :
       {oci::kMediaTypeIndex, oci::kMediaTypeManifest, oci::kDockerManifestList, oci::kDockerManifest}) {
    EXPECT_NE(accept.find(type), std::string::npos) << type;
  }
}

// What a registry answers when somebody else pushes a blob of the manifest at this moment.
TEST_F(RegistryClient, PushesAManifestAgainWhenABlobIsMissed) {
  FakeReply missed = status(400);
  missed.body = R"({"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"blob unknown to registry"}]})";
  fake_.server().before(fail_times(2, "PUT", "/manifests/", missed));
  client_->push_manifest(at("app:1"), "a/b", "{}", {});
  EXPECT_EQ(fake_.server().count("PUT", "/manifests/1"), 3U);
  fake_.server().before(fail_times(1, "PUT", "/manifests/", status(400)));
  EXPECT_EQ(failure_of([&] { client_->push_manifest(at("app:2"), "a/b", "{}", {}); }).kind(),
            base::ErrorKind::kRegistry)
      << "other refusals are final";
}

TEST_F(RegistryClient, CatchesAWrongManifest) {
  TestImage image = make_image({"linux", "amd64", "", "", {}}, {"layer"});
  base::Digest digest = fake_.add_manifest("app", "1", image.manifest.media_type, image.manifest.raw);
  fake_.server().after([](const FakeRequest&, FakeReply& reply) { reply.body += " "; });
  EXPECT_EQ(failure_of([&] { client_->fetch_manifest(at("app@" + digest.str()), {}); }).kind(),
            base::ErrorKind::kCorrupt);
  EXPECT_EQ(failure_of([&] { client_->fetch_manifest(at("app:1"), {}); }).kind(), base::ErrorKind::kCorrupt);
}

TEST_F(RegistryClient, ResolvesWithoutFetchingWhereItCan) {
  TestImage image = make_image({"linux", "amd64", "", "", {}}, {"layer"});
  fake_.add_manifest("app", "1", image.manifest.media_type, image.manifest.raw);
  EXPECT_EQ(client_->resolve(at("app:1"), {}), image.manifest.descriptor());
  EXPECT_EQ(fake_.server().count("GET", ""), 0U);
  fake_.server().before(fail_times(9, "HEAD", "/manifests/", status(405)));
  EXPECT_EQ(client_->resolve(at("app:1"), {}), image.manifest.descriptor());
  EXPECT_FALSE(client_->resolve(at("app:absent"), {}));
}

TEST_F(RegistryClient, BlobRedirectsCarryNoCredentials) {
  fake_.require_basic("ci", "secret");
  oci::Descriptor blob = fake_.add_blob("app", "content");
  testing::FakeServer storage([](const FakeRequest&) {
    return FakeReply{200, {}, "content", Ending::kComplete, 0};
  });
  fake_.server().after([&](const FakeRequest& request, FakeReply& reply) {
    if (reply.status == 200 && request.method == "GET") {
      reply = status(307);
      reply.with("Location", storage.url("/bucket/blob?X-Amz-Signature=s"));
    }
  });
  auto source = client(user("ci", "secret"))->open_blob(at("app"), blob, {});
  EXPECT_EQ(read(*source), "content");
  ASSERT_EQ(storage.requests().size(), 1U);
  EXPECT_FALSE(storage.requests()[0].has_header("authorization"));
}

TEST_F(RegistryClient, StopsAtOnce) {
  oci::Descriptor blob = fake_.add_blob("app", noise(100'000));
  fake_.server().after([&](const FakeRequest&, FakeReply& reply) { reply.end(Ending::kStall, 1000); });
  std::stop_source source;
  auto stream = client_->open_blob(at("app"), blob, source.get_token());
  std::jthread stopper([&] { source.request_stop(); });
  EXPECT_EQ(failure_of([&] { read(*stream); }).kind(), base::ErrorKind::kCancelled);
}

TEST_F(RegistryClient, UploadsInOnePutByDefault) {
  PushBlob blob = blob_of(noise(500'000));
  EXPECT_EQ(client_->push_blob(at("app"), blob, {}), BlobPush::kUploaded);
  EXPECT_TRUE(fake_.has_blob("app", blob.descriptor.digest));
  EXPECT_EQ(fake_.server().count("PATCH", ""), 0U);
  EXPECT_EQ(fake_.server().requests().back().query["_state"], "x") << "the location's own query was lost";
}

TEST_F(RegistryClient, FallsBackToPatch) {
  PushBlob blob = blob_of("content");
  fake_.server().before(fail_times(1, "PUT", "/blobs/uploads/", status(405)));
  EXPECT_EQ(client_->push_blob(at("app"), blob, {}), BlobPush::kUploaded);
  EXPECT_EQ(fake_.server().count("PATCH", ""), 1U);
  EXPECT_EQ(fake_.blob(blob.descriptor.digest), "content");
}

TEST_F(RegistryClient, StartsABrokenUploadOver) {
  PushBlob blob = blob_of(noise(500'000));
  FakeReply reset = status(0);
  reset.end(Ending::kReset, 0);
  fake_.server().before(fail_times(1, "PUT", "/blobs/uploads/", reset));
  fake_.server().before(fail_times(1, "PUT", "/blobs/uploads/", status(502)));
  fake_.server().before(fail_times(1, "POST", "/blobs/uploads/", status(500)));
  EXPECT_EQ(client_->push_blob(at("app"), blob, {}), BlobPush::kUploaded);
  EXPECT_TRUE(fake_.has_blob("app", blob.descriptor.digest));
}

TEST_F(RegistryClient, A401InMidUploadRenewsTheToken) {
  testing::FakeTokenServer tokens;
  fake_.require_token(tokens.realm());
  FakeReply expired = status(401);
  expired.with("WWW-Authenticate", "Bearer realm=\"" + tokens.realm() + "\",service=\"fake\"");
  fake_.server().before(fail_times(1, "PUT", "/blobs/uploads/", expired));
  PushBlob blob = blob_of(noise(300'000));
  EXPECT_EQ(client_->push_blob(at("app"), blob, {}), BlobPush::kUploaded);
  EXPECT_TRUE(fake_.has_blob("app", blob.descriptor.digest));
  EXPECT_EQ(tokens.server().requests().size(), 2U);
}

TEST_F(RegistryClient, AFailedMountBecomesAnUpload) {
  PushBlob blob = blob_of("content");
  blob.mount_from = "closed";
  fake_.server().before([](const FakeRequest& request) -> std::optional<FakeReply> {
    if (request.query.count("from") > 0 && request.query.at("from") == "closed")
      return testing::refusal(403, "DENIED", "no");
    return std::nullopt;
  });
  EXPECT_EQ(client_->push_blob(at("app"), blob, {}), BlobPush::kUploaded);
  blob = blob_of("other");
  blob.mount_from = "without-it";
  std::size_t posts = fake_.server().count("POST", "");
  EXPECT_EQ(client_->push_blob(at("app"), blob, {}), BlobPush::kUploaded);
  EXPECT_EQ(fake_.server().count("POST", ""), posts + 1) << "the session that it opened instead was not used";
}

TEST_F(RegistryClient, UploadLocationsOnAnotherHostGetNoCredentials) {
  fake_.require_basic("ci", "secret");
  testing::FakeServer storage([](const FakeRequest&) { return status(201); });
  fake_.server().after([&](const FakeRequest& request, FakeReply& reply) {
    if (request.method == "POST" && reply.status == 202)
      reply.headers = {{"Location", storage.url("/upload")}};
  });
  client(user("ci", "secret"))->push_blob(at("app"), blob_of("content"), {});
  ASSERT_EQ(storage.requests().size(), 1U);
  EXPECT_FALSE(storage.requests()[0].has_header("authorization"));
  EXPECT_EQ(storage.requests()[0].body, "content");
}

TEST_F(RegistryClient, ADigestTheRegistryDoesNotConfirmIsAnError) {
  fake_.server().after([](const FakeRequest& request, FakeReply& reply) {
    if (request.method == "PUT") reply.headers = {{"Docker-Content-Digest", base::sha256("other").str()}};
  });
  EXPECT_EQ(failure_of([&] { client_->push_blob(at("app"), blob_of("content"), {}); }).kind(),
            base::ErrorKind::kCorrupt);
  EXPECT_EQ(failure_of([&] { client_->push_manifest(at("app:1"), "a/b", "{}", {}); }).kind(),
            base::ErrorKind::kCorrupt);
}

TEST_F(RegistryClient, StreamsAnUpload) {
  std::string content = noise(4'000'000);
  auto upload = client_->begin_upload(at("app"), {});
  for (std::size_t i = 0; i < content.size(); i += 1'000'000) {
    upload->write(std::as_bytes(std::span(content).subspan(i, 1'000'000)));
  }
  EXPECT_TRUE(upload->commit(base::sha256(content)));
  EXPECT_EQ(fake_.blob(base::sha256(content)), content);
}

TEST_F(RegistryClient, ABrokenStreamedUploadSaysSoAtCommit) {
  std::string content = noise(4'000'000);
  fake_.server().early([](const FakeRequest& request) -> std::optional<FakeReply> {
    if (request.method == "PATCH") return status(500);
    return std::nullopt;
  });
  auto upload = client_->begin_upload(at("app"), {});
  for (int i = 0; i < 8; ++i) upload->write(std::as_bytes(std::span(content)));
  EXPECT_FALSE(upload->commit(base::sha256(content)));
  EXPECT_EQ(client_->push_blob(at("app"), blob_of(content), {}), BlobPush::kUploaded);
}

TEST_F(RegistryClient, AnAbandonedUploadLeavesNothing) {
  {
    auto upload = client_->begin_upload(at("app"), {});
    upload->write(std::as_bytes(std::span(std::string_view("half"))));
  }
  std::stop_source source;
  auto upload = client_->begin_upload(at("app"), source.get_token());
  source.request_stop();
  std::string content = noise(3'000'000);
  EXPECT_EQ(failure_of([&] {
              for (int i = 0; i < 8; ++i) upload->write(std::as_bytes(std::span(content)));
            }).kind(),
            base::ErrorKind::kCancelled);
}

TEST_F(RegistryClient, PullRefusesContradictions) {
  TestImage image = make_image({"linux", "amd64", "", "", {}}, {"one", "two"});
  fake_.add_blob("app", image.config_text);
  image.manifest.layers.pop_back();
  image.manifest.serialize();
  fake_.add_manifest("app", "1", image.manifest.media_type, image.manifest.raw);
  base::Error error = failure_of([&] {
    pull_image(*client_, at("app:1"), {"linux", "amd64", "", "", {}}, {});
  });
  EXPECT_EQ(error.kind(), base::ErrorKind::kCorrupt);
}

TEST_F(RegistryClient, PullReadsAStaticServersManifest) {
  TestImage image = make_image({"linux", "amd64", "", "", {}}, {"one"});
  fake_.add_blob("app", image.config_text);
  fake_.add_manifest("app", "1", "application/octet-stream", image.manifest.raw);
  EXPECT_EQ(pull_image(*client_, at("app:1"), {"linux", "amd64", "", "", {}}, {}).manifest.raw,
            image.manifest.raw);
}

TEST_F(RegistryClient, PushSendsEachBlobOnceAndTheTagLast) {
  TestImage image = make_image({"linux", "amd64", "", "", {}}, {"one", "two", "one"});
  PushPlan plan;
  plan.target = at("app");
  for (const std::string& layer : image.layer_texts) plan.blobs.push_back(blob_of(layer));
  plan.blobs.push_back(blob_of(image.config_text));
  plan.manifests = {{image.manifest.media_type, image.manifest.raw}};
  plan.tags = {"1", "latest"};
  base::ThreadPool pool(4);
  std::atomic<int> told{0};
  PushOptions options;
  options.parallel = 2;
  options.on_blob = [&](const PushBlob&, BlobPush) { ++told; };
  push_image(*client_, plan, options, pool, {});
  EXPECT_EQ(told, 3);
  EXPECT_LE(fake_.server().most_at_once(), 2U);
  EXPECT_EQ(fake_.manifest("app", "latest"), image.manifest.raw);
  std::vector<FakeRequest> requests = fake_.server().requests();
  EXPECT_EQ(requests.back().path, "/v2/app/manifests/latest");
}

TEST_F(RegistryClient, APushThatFailsTagsNothing) {
  PushPlan plan;
  plan.target = at("app");
  for (int i = 0; i < 6; ++i) plan.blobs.push_back(blob_of("layer " + std::to_string(i)));
  plan.manifests = {{"application/json", "{}"}};
  plan.tags = {"1"};
  fake_.server().before(
      fail_times(100, "PUT", "/blobs/uploads/", testing::refusal(507, "FULL", "no space left")));
  base::ThreadPool pool(2);
  base::Error error = failure_of([&] { push_image(*client_, plan, {}, pool, {}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kRegistry);
  EXPECT_NE(error.summary().find("no space left"), std::string::npos) << error.summary();
  EXPECT_EQ(fake_.server().count("PUT", "/manifests/"), 0U);
}

}  // namespace cooper::registry
