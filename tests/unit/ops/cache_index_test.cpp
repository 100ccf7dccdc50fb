#include "ops/cache_index.h"

#include <gmock/gmock.h>
#include <map>

#include "base/error.h"
#include "tests/unit/ops/services_fixture.h"

namespace cooper::ops {
namespace {

using support::LayerTar;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A cache on another machine: records and blobs in memory.
class Elsewhere final : public cache::Backend {
 public:
  explicit Elsewhere(std::string name) : name_(std::move(name)) {}
  std::string name() const override { return name_; }
  std::optional<std::string> read(const cache::DocumentName& name, const std::stop_token&) override {
    ++reads;
    auto found = documents.find(name.id);
    return found == documents.end() ? std::nullopt : std::optional(found->second);
  }
  void write(const cache::DocumentName& name, const cache::Document& document,
             const std::stop_token&) override {
    documents[name.id] = document.text;
  }
  std::vector<std::string> list(cache::DocumentKind, const std::stop_token&) override { return {}; }
  std::unique_ptr<base::ByteSource> open_blob(const oci::Descriptor& blob, const std::stop_token&) override {
    auto found = blobs.find(blob.digest);
    if (found == blobs.end()) throw base::Error(base::ErrorKind::kRegistry, "no such blob");
    return std::make_unique<support::StringSource>(found->second);
  }

  std::map<std::string, std::string> documents;
  std::map<base::Digest, std::string> blobs;
  int reads = 0;

 private:
  std::string name_;
};

class OpsCacheIndex : public ServicesFixture {
 protected:
  OpsCacheIndex() {
    services_.on_record = {};
    services_.imports = {&first_records_, &second_records_};
  }
  static solver::Key key(const std::string& text) { return {base::sha256(text), {}}; }
  static cache::Warn unexpected() {
    return [](const std::string& text) { ADD_FAILURE() << text; };
  }
  // A step's layer with one file, as that cache has it.
  void put(Elsewhere& place, const std::string& name) {
    support::Blob blob = support::make_blob(LayerTar().file(name, "made elsewhere").bytes());
    place.blobs[blob.sealed.blob.digest] = blob.bytes;
    cache::Record record;
    record.key = base::sha256(name);
    record.step = "COPY " + name;
    record.step_id = name;
    record.diff_id = blob.sealed.diff_id;
    record.blob = blob.sealed.blob;
    record.sealing = snapshot::Sealing();
    place.write({cache::DocumentKind::kRecord, record.key.hex()}, {record.serialize(), {}}, {});
  }
  const FoundLayer& found(const std::optional<solver::CacheHit>& hit) {
    return *static_cast<const FoundLayer*>(hit->record.get());
  }

  std::shared_ptr<Elsewhere> first_ = std::make_shared<Elsewhere>("first");
  std::shared_ptr<Elsewhere> second_ = std::make_shared<Elsewhere>("second");
  cache::Records first_records_{first_, unexpected()};
  cache::Records second_records_{second_, unexpected()};
  CacheIndex index_{services_};
};

TEST_F(OpsCacheIndex, AsksTheImportsInTheirOrderAndFetchesNothing) {
  put(*first_, "a");
  put(*second_, "a");
  put(*second_, "b");
  auto hit = index_.find(0, key("a"), {});
  ASSERT_TRUE(hit);
  EXPECT_EQ(hit->origin, "first");
  EXPECT_FALSE(found(hit).layer->materialized());
  EXPECT_EQ(index_.find(0, key("b"), {})->origin, "second");
  EXPECT_FALSE(index_.find(0, key("c"), {}));
}

TEST_F(OpsCacheIndex, WhatTheStoreHasIsNotAskedForElsewhere) {
  put(*first_, "a");
  snapshot::LayerPtr made = layers_.commit(layers_.begin(), snapshot::LayerIndex());
  cache::Record record;
  record.key = base::sha256("a");
  record.layer_id = made->id();
  services_.records->put(record, {});
  EXPECT_EQ(index_.find(0, key("a"), {})->origin, "local store");
  EXPECT_EQ(first_->reads, 0);
}

TEST_F(OpsCacheIndex, ALayerThatCannotBeHadIsExcludedOnce) {
  put(*first_, "a");
  put(*first_, "b");
  first_->blobs.clear();
  auto hit = index_.find(0, key("a"), {});
  index_.find(0, key("b"), {});
  EXPECT_THAT(index_.exclude_lost(), IsEmpty()) << "nobody has asked for it yet";
  EXPECT_THROW(layers_.materialize(*found(hit).layer, {}), base::Error);
  EXPECT_TRUE(index_.any_lost());
  EXPECT_THAT(index_.exclude_lost(), ElementsAre(HasSubstr("'COPY a' in first")));
  EXPECT_FALSE(index_.any_lost());
  EXPECT_FALSE(index_.find(0, key("a"), {})) << "the record is as good as none";
  EXPECT_TRUE(index_.find(0, key("b"), {}));
  put(*second_, "a");
  EXPECT_EQ(index_.find(0, key("a"), {})->origin, "second") << "another cache may have a good one";
}

TEST_F(OpsCacheIndex, WhatWasFetchedIsFoundHereTheNextTime) {
  put(*first_, "a");
  put(*first_, "b");
  auto hit = index_.find(0, key("a"), {});
  index_.find(0, key("b"), {});
  layers_.fetch_blob(*found(hit).layer, {});
  index_.keep_found({});
  CacheIndex next(services_);
  hit = next.find(0, key("a"), {});
  EXPECT_EQ(hit->origin, "local store");
  layers_.materialize(*found(hit).layer, {});
  EXPECT_NE(found(hit).layer->index().find("a"), nullptr);
  EXPECT_EQ(next.find(0, key("b"), {})->origin, "first") << "its bytes are not here";
}

TEST_F(OpsCacheIndex, ARecordWithoutALayerIsNone) {
  cache::Record record;
  record.key = base::sha256("a");
  first_->write({cache::DocumentKind::kRecord, record.key.hex()}, {record.serialize(), {}}, {});
  EXPECT_FALSE(index_.find(0, key("a"), {}));
}

}  // namespace
}  // namespace cooper::ops
