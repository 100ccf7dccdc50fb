// Contexts in object stores, on doubles of these that others wrote: moto for S3, Azurite for Azure.
#include "build/context_object.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "cache/azure_store.h"
#include "cache/s3_store.h"
#include "support/child_server.h"
#include "unit/build/context_fixture.h"

namespace cooper::build {
namespace {

using ::testing::HasSubstr;

// Public: every copy of Azurite has this account.
constexpr const char* kAzuriteKey =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

class BuildContextObject : public ContextFixture {
 protected:
  BuildContextObject() { tools_.http = net::HttpClient::create({}); }
  cloud::CloudContext cloud() const {
    cloud::CloudContext context;
    context.http = tools_.http;
    context.environment = tools_.environment;
    return context;
  }
  static void put(cache::ObjectStore& store, const std::string& name, const std::string& bytes) {
    store.put(name, {bytes.size(), [bytes] { return std::make_unique<support::StringSource>(bytes); }}, {});
  }
  void expect_context_of(cache::ObjectStore& store) {
    put(store, "a b/context.tar",
        support::LayerTar().file("Dockerfile", "FROM scratch\n").file("hello", "1").bytes());
    put(store, "page", "<!DOCTYPE html>\n<p>no</p>");
    request_.context_form.object->object = "a b/context.tar";
    EXPECT_TRUE(visible("hello"));
    request_.context_form.object->object = "page";
    EXPECT_THAT(open_error().message(), HasSubstr("is no tar: it begins with '<!DOCTYPE html>'"));
    request_.context_form.object->object = "none";
    const base::Error error = open_error();
    EXPECT_EQ(error.kind(), base::ErrorKind::kContext);
    EXPECT_THAT(error.message(), HasSubstr("none' does not exist"));
  }
};

TEST_F(BuildContextObject, ComesFromS3) {
  if (::access(COOPER_MOTO, X_OK) != 0) GTEST_SKIP() << "moto is not there: run scripts/moto.sh";
  const testing::ChildServer server({COOPER_MOTO}, "Running on http://127.0.0.1:");
  tools_.environment = {{"AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"},
                        {"AWS_SECRET_ACCESS_KEY", "hush"},
                        {"AWS_REGION", "us-east-1"},
                        {"AWS_EC2_METADATA_DISABLED", "true"}};
  net::Request bucket;
  bucket.method = "PUT";
  bucket.url = "http://" + server.host() + "/box";
  ASSERT_EQ(tools_.http->send(bucket, {}).status, 200);
  request_.context_form.object = {
      "s3", {{"bucket", "box"}, {"endpoint_url", "http://" + server.host()}, {"use_path_style", "true"}}, ""};
  auto store = cache::make_s3_store(request_.context_form.object->attributes, cloud());
  expect_context_of(*store);
}

TEST_F(BuildContextObject, ComesFromAzure) {
  if (::access(COOPER_AZURITE, X_OK) != 0) GTEST_SKIP() << "Azurite is not installed (scripts/azurite.sh)";
  const testing::ChildServer server({COOPER_AZURITE, "--blobHost", "127.0.0.1", "--blobPort", "0",
                                     "--inMemoryPersistence", "--disableTelemetry"},
                                    "listens on http://127.0.0.1:");
  request_.context_form.object = {"azblob",
                                  {{"account_url", "http://" + server.host() + "/devstoreaccount1"},
                                   {"container", "box"},
                                   {"secret_access_key", kAzuriteKey}},
                                  ""};
  auto store = cache::make_azure_store(request_.context_form.object->attributes, cloud());
  expect_context_of(*store);
  request_.context_form.object->attributes["secret_access_key"] = "aHVudGVyMg==";
  request_.context_form.object->object = "a b/context.tar";
  const base::Error error = open_error();
  EXPECT_EQ(error.kind(), base::ErrorKind::kAuth);
  EXPECT_THAT(error.render(), Not(HasSubstr("aHVudGVyMg")));
}

}  // namespace
}  // namespace cooper::build
