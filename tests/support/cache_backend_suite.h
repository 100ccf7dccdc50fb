// What every cache backend must do. A backend's test defines a world and instantiates the suite with it:
//
//   struct LocalWorld {
//     std::unique_ptr<cache::Backend> open();            // a further handle on the same place, as of another
//     process oci::Descriptor add_blob(const std::string& data);  // makes the bytes available to records
//     that are put void damage(const base::Digest& key);              // overwrites the stored record with
//     garbage std::vector<std::string> warnings() const;         // of all handles so far
//   };
//   INSTANTIATE_TYPED_TEST_SUITE_P(Local, CacheBackendSuite, LocalWorld);
#pragma once

#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "cache/backend.h"

namespace cooper::test {

// A record with every portable field set; `name` tells records apart.
inline cache::Record full_record(const std::string& name, const oci::Descriptor& blob) {
  cache::Record record;
  record.key = base::sha256("key of " + name);
  record.step = "RUN make " + name + " # 100%";
  record.step_id = "step of " + name;
  record.diff_id = base::sha256("diff of " + name);
  record.blob = blob;
  record.max_mtime = 1'700'000'000;
  record.created = 1'700'000'001;
  record.duration_ms = 1234;
  record.ingredients = {{"command", base::sha256(name)}, {"file src/100% \xff\n.c", base::sha256("content")}};
  return record;
}

template <typename World>
class CacheBackendSuite : public ::testing::Test {
 protected:
  std::optional<cache::Record> find(cache::Backend& backend, const base::Digest& key) {
    std::vector<std::optional<cache::Record>> found = backend.find({key}, {});
    EXPECT_EQ(found.size(), 1U);
    if (found.empty() || !found.front()) return std::nullopt;
    // The name of a layer in the local layer store means nothing elsewhere, so backends may drop it.
    found.front()->layer_id.clear();
    return found.front();
  }
  cache::Record record(const std::string& name) {
    return full_record(name, world_.add_blob("blob of " + name));
  }

  World world_;
};

TYPED_TEST_SUITE_P(CacheBackendSuite);

TYPED_TEST_P(CacheBackendSuite, HasAName) {
  EXPECT_FALSE(this->world_.open()->name().empty());
}

TYPED_TEST_P(CacheBackendSuite, MissesWhatWasNeverPut) {
  const auto backend = this->world_.open();
  EXPECT_EQ(this->find(*backend, base::sha256("nothing")), std::nullopt);
  EXPECT_TRUE(this->world_.warnings().empty()) << "an ordinary miss is no news";
}

TYPED_TEST_P(CacheBackendSuite, FindsAllOfWhatWasPut) {
  const auto backend = this->world_.open();
  const cache::Record record = this->record("a");
  backend->put(record, {});
  EXPECT_EQ(this->find(*backend, record.key), record);
}

TYPED_TEST_P(CacheBackendSuite, FindsAStepThatChangedNothing) {
  const auto backend = this->world_.open();
  cache::Record record = full_record("nothing", {});
  record.no_change = true;
  record.diff_id.reset();
  record.blob.reset();
  backend->put(record, {});
  EXPECT_EQ(this->find(*backend, record.key), record);
}

TYPED_TEST_P(CacheBackendSuite, FindsByContentKeyToo) {
  const auto backend = this->world_.open();
  cache::Record record = this->record("a");
  record.content_key = base::sha256("content key");
  backend->put(record, {});
  EXPECT_EQ(this->find(*backend, record.key), record);
  EXPECT_EQ(this->find(*backend, *record.content_key), record);
}

TYPED_TEST_P(CacheBackendSuite, AnswersInTheOrderOfTheKeys) {
  const auto backend = this->world_.open();
  const cache::Record a = this->record("a");
  const cache::Record b = this->record("b");
  backend->put(a, {});
  backend->put(b, {});
  const auto found = backend->find({b.key, base::sha256("nothing"), a.key, b.key}, {});
  ASSERT_EQ(found.size(), 4U);
  ASSERT_TRUE(found[0] && found[2] && found[3]);
  EXPECT_EQ(found[0]->key, b.key);
  EXPECT_FALSE(found[1].has_value());
  EXPECT_EQ(found[2]->key, a.key);
  EXPECT_EQ(found[3]->key, b.key);
  EXPECT_TRUE(backend->find({}, {}).empty());
}

TYPED_TEST_P(CacheBackendSuite, TheLastPutOfAKeyWins) {
  const auto backend = this->world_.open();
  cache::Record record = this->record("a");
  backend->put(record, {});
  record.duration_ms = 99;
  backend->put(record, {});
  EXPECT_EQ(this->find(*backend, record.key), record);
}

TYPED_TEST_P(CacheBackendSuite, OtherProcessesSeeIt) {
  const auto writer = this->world_.open();
  const auto reader = this->world_.open();
  const cache::Record record = this->record("a");
  EXPECT_EQ(this->find(*reader, record.key), std::nullopt);
  writer->put(record, {});
  EXPECT_EQ(this->find(*reader, record.key), record);
}

TYPED_TEST_P(CacheBackendSuite, ADamagedRecordIsAReportedMiss) {
  const auto backend = this->world_.open();
  const cache::Record record = this->record("a");
  backend->put(record, {});
  this->world_.damage(record.key);
  EXPECT_EQ(this->find(*backend, record.key), std::nullopt);
  EXPECT_EQ(this->world_.warnings().size(), 1U);
  backend->put(record, {});
  EXPECT_EQ(this->find(*backend, record.key), record);
}

TYPED_TEST_P(CacheBackendSuite, GivesBackBlobs) {
  const auto backend = this->world_.open();
  const cache::Record record = this->record("a");
  backend->put(record, {});
  const auto source = this->world_.open()->open_blob(*record.blob, {});
  EXPECT_EQ(base::read_all(*source, 1 << 20, "blob"), "blob of a");
}

TYPED_TEST_P(CacheBackendSuite, AMissingBlobIsAnError) {
  const auto backend = this->world_.open();
  oci::Descriptor blob;
  blob.media_type = "application/vnd.oci.image.layer.v1.tar+gzip";
  blob.digest = base::sha256("never stored");
  blob.size = 12;
  const auto read = [&] { base::read_all(*backend->open_blob(blob, {}), 1 << 20, "blob"); };
  EXPECT_THROW(read(), base::Error);
}

TYPED_TEST_P(CacheBackendSuite, EndsOnAStopRequest) {
  const auto backend = this->world_.open();
  std::stop_source source;
  source.request_stop();
  try {
    backend->find({base::sha256("a")}, source.get_token());
    FAIL() << "went on";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kCancelled);
  }
}

TYPED_TEST_P(CacheBackendSuite, ParallelWritersLeaveWholeRecords) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 20;
  const auto backend = this->world_.open();
  const cache::Record shared = this->record("shared");
  std::vector<cache::Record> own;
  for (int i = 0; i < kThreads; ++i) own.push_back(this->record("own " + std::to_string(i)));
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        for (int round = 0; round < kRounds; ++round) {
          backend->put(shared, {});
          const auto seen = backend->find({shared.key}, {});
          EXPECT_TRUE(seen.front().has_value());
          backend->put(own[static_cast<std::size_t>(i)], {});
        }
      });
    }
  }
  EXPECT_EQ(this->find(*backend, shared.key), shared);
  for (const cache::Record& record : own) EXPECT_EQ(this->find(*backend, record.key), record);
  EXPECT_TRUE(this->world_.warnings().empty());
}

REGISTER_TYPED_TEST_SUITE_P(CacheBackendSuite, HasAName, MissesWhatWasNeverPut, FindsAllOfWhatWasPut,
                            FindsAStepThatChangedNothing, FindsByContentKeyToo, AnswersInTheOrderOfTheKeys,
                            TheLastPutOfAKeyWins, OtherProcessesSeeIt, ADamagedRecordIsAReportedMiss,
                            GivesBackBlobs, AMissingBlobIsAnError, EndsOnAStopRequest,
                            ParallelWritersLeaveWholeRecords);

}  // namespace cooper::test
