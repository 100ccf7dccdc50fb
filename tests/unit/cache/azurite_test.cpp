// The store for Azure against an emulator that others wrote: their idea of a signature, of blocks and of
// conditions.
#include <unistd.h>

#include "cache/azure_store.h"
#include "support/child_server.h"
#include "support/object_store_suite.h"

namespace cooper::test {

namespace {

using support::error_of;

// Public: every copy of Azurite has this account.
constexpr const char* kKey =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

class CacheAzurite : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::access(COOPER_AZURITE, X_OK) != 0) GTEST_SKIP() << "Azurite is not installed (scripts/azurite.sh)";
    server_.emplace(std::vector<std::string>{COOPER_AZURITE, "--blobHost", "127.0.0.1", "--blobPort", "0",
                                             "--inMemoryPersistence", "--disableTelemetry"},
                    "listens on http://127.0.0.1:");
  }
  std::unique_ptr<cache::ObjectStore> open(const std::string& key = kKey) const {
    return cache::make_azure_store({{"account_url", "http://" + server_->host() + "/devstoreaccount1"},
                                    {"secret_access_key", key},
                                    {"prefix", "ci/cache"}},
                                   quick_cloud());
  }
  std::optional<testing::ChildServer> server_;
};

}  // namespace

TEST_F(CacheAzurite, KeepsObjects) {
  auto store = open();
  EXPECT_EQ(store->get("records/a", 100, {}), std::nullopt);
  EXPECT_FALSE(store->exists("records/a", {}));
  EXPECT_TRUE(store->list("", {}).empty());
  EXPECT_TRUE(store->put_new("records/a", body_of("first"), {}));
  EXPECT_FALSE(store->put_new("records/a", body_of("second"), {}));
  EXPECT_EQ(store->get("records/a", 100, {}), "first");
  store->put("records/a", body_of("third"), {});
  EXPECT_EQ(base::read_all(*store->open("records/a", {}), 100, "records/a"), "third");
  const std::string odd = "records/\xc3\xa4 b+c&=#~'()!*:@;,$";
  store->put(odd, body_of(""), {});
  EXPECT_TRUE(store->exists(odd, {}));
  EXPECT_EQ(store->list("records/", {}), (std::vector<std::string>{"records/a", odd}));
}

TEST_F(CacheAzurite, TakesLargeBodiesInBlocks) {
  auto store = open();
  const std::string content = noise((33 << 20) + 17);
  EXPECT_TRUE(store->put_new("blobs/a", body_of(content), {}));
  EXPECT_FALSE(store->put_new("blobs/a", body_of(content), {}));
  store->put("blobs/a", body_of(content), {});
  EXPECT_TRUE(base::read_all(*store->open("blobs/a", {}), 1 << 30, "blobs/a") == content);
}

TEST_F(CacheAzurite, RefusesAnotherKey) {
  base::Error error = error_of([&] { open("aHVudGVyMg==")->put("records/a", body_of("x"), {}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kAuth) << error.render();
}

}  // namespace cooper::test
