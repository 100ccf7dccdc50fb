// What every cache backend must do, on its own and as a place for records. A backend's test defines a world
// and instantiates the suite with it:
//
//   struct LocalWorld {
//     // A further handle on the same place, as of another process.
//     std::unique_ptr<cache::Backend> open();
//     // Makes the bytes available to documents that are written.
//     oci::Descriptor add_blob(const std::string& data);
//     // Overwrites a stored document with garbage.
//     void damage(const cache::DocumentName& name);
//   };
//   INSTANTIATE_TYPED_TEST_SUITE_P(Local, CacheBackendSuite, LocalWorld);
#pragma once

#include <algorithm>
#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/guarded.h"
#include "cache/backend.h"
#include "cache/records.h"

namespace cooper::test {

// A record with every portable field set; `name` tells records apart.
inline cache::Record full_record(const std::string& name, const oci::Descriptor& blob) {
  cache::Record record;
  record.key = base::sha256("key of " + name);
  record.step = "RUN make " + name + " # 100%";
  record.step_id = "step of " + name;
  record.diff_id = base::sha256("diff of " + name);
  record.blob = blob;
  record.sealing = snapshot::Sealing{{archive::Compression::kZstd, 7},
                                     1'700'000'000,
                                     1'600'000'000,
                                     1'600'000'000,
                                     {{"etc/100% \xff", 1'600'000'000}, {"usr", 1'650'000'000}}};
  record.created = 1'700'000'001;
  record.duration_ms = 1234;
  record.ingredients = {{"command", base::sha256(name)}, {"file src/100% \xff\n.c", base::sha256("content")}};
  return record;
}

template <typename World>
class CacheBackendSuite : public ::testing::Test {
 protected:
  cache::Records open() {
    return {world_.open(),
            [this](const std::string& text) { heard_.with([&](auto& lines) { lines.push_back(text); }); }};
  }
  cache::Record record(const std::string& name) {
    return full_record(name, world_.add_blob("blob of " + name));
  }
  std::vector<std::string> warnings() const {
    return heard_.with([](const auto& lines) { return lines; });
  }

  World world_;
  base::Guarded<std::vector<std::string>> heard_;
};

TYPED_TEST_SUITE_P(CacheBackendSuite);

TYPED_TEST_P(CacheBackendSuite, HasAName) {
  EXPECT_FALSE(this->world_.open()->name().empty());
}

TYPED_TEST_P(CacheBackendSuite, MissesWhatWasNeverPut) {
  EXPECT_EQ(this->open().find(base::sha256("nothing"), {}), std::nullopt);
  EXPECT_TRUE(this->warnings().empty()) << "an ordinary miss is no news";
}

TYPED_TEST_P(CacheBackendSuite, FindsAllOfWhatWasPut) {
  cache::Records records = this->open();
  const cache::Record record = this->record("a");
  records.put(record, {});
  EXPECT_EQ(records.find(record.key, {}), record);
}

TYPED_TEST_P(CacheBackendSuite, FindsAStepThatChangedNothing) {
  cache::Records records = this->open();
  cache::Record record = full_record("nothing", {});
  record.no_change = true;
  record.diff_id.reset();
  record.blob.reset();
  records.put(record, {});
  EXPECT_EQ(records.find(record.key, {}), record);
}

TYPED_TEST_P(CacheBackendSuite, FindsByContentKeyToo) {
  cache::Records records = this->open();
  cache::Record record = this->record("a");
  record.content_key = base::sha256("content key");
  records.put(record, {});
  EXPECT_EQ(records.find(record.key, {}), record);
  EXPECT_EQ(records.find(*record.content_key, {}), record);
}

TYPED_TEST_P(CacheBackendSuite, TheLastPutOfAKeyWins) {
  cache::Records records = this->open();
  cache::Record record = this->record("a");
  records.put(record, {});
  record.duration_ms = 99;
  records.put(record, {});
  EXPECT_EQ(records.find(record.key, {}), record);
}

TYPED_TEST_P(CacheBackendSuite, RemembersTheLastRecordOfAStep) {
  cache::Records records = this->open();
  cache::Record first = this->record("a");
  cache::Record second = this->record("b");
  second.step_id = first.step_id;
  EXPECT_FALSE(records.last_of_step(first.step_id, {}).has_value());
  records.put(first, {});
  EXPECT_EQ(records.last_of_step(first.step_id, {}), first);
  records.put(second, {});
  EXPECT_EQ(records.last_of_step(first.step_id, {}), second);
  EXPECT_FALSE(records.last_of_step("another step", {}).has_value());
}

TYPED_TEST_P(CacheBackendSuite, ListsEachKindByItself) {
  cache::Records records = this->open();
  EXPECT_TRUE(this->world_.open()->list(cache::DocumentKind::kRecord, {}).empty());
  const cache::Record a = this->record("a");
  const cache::Record b = this->record("b");
  records.put(a, {});
  records.put(b, {});
  this->world_.open()->write({cache::DocumentKind::kMount, "abc"}, {"{}", {}}, {});
  std::vector<std::string> ids = this->world_.open()->list(cache::DocumentKind::kRecord, {});
  std::sort(ids.begin(), ids.end());
  std::vector<std::string> expected = {a.key.hex(), b.key.hex()};
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(ids, expected);
  EXPECT_EQ(this->world_.open()->list(cache::DocumentKind::kMount, {}), std::vector<std::string>{"abc"});
}

TYPED_TEST_P(CacheBackendSuite, OtherProcessesSeeIt) {
  cache::Records writer = this->open();
  cache::Records reader = this->open();
  const cache::Record record = this->record("a");
  EXPECT_EQ(reader.find(record.key, {}), std::nullopt);
  writer.put(record, {});
  EXPECT_EQ(reader.find(record.key, {}), record);
}

TYPED_TEST_P(CacheBackendSuite, ADamagedRecordIsAReportedMiss) {
  cache::Records records = this->open();
  const cache::Record record = this->record("a");
  records.put(record, {});
  this->world_.damage({cache::DocumentKind::kRecord, record.key.hex()});
  EXPECT_EQ(records.find(record.key, {}), std::nullopt);
  EXPECT_EQ(this->warnings().size(), 1U);
  records.put(record, {});
  EXPECT_EQ(records.find(record.key, {}), record);
}

TYPED_TEST_P(CacheBackendSuite, GivesBackBlobs) {
  const cache::Record record = this->record("a");
  this->open().put(record, {});
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
  std::stop_source source;
  source.request_stop();
  try {
    this->open().find(base::sha256("a"), source.get_token());
    FAIL() << "went on";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kCancelled);
  }
}

TYPED_TEST_P(CacheBackendSuite, ParallelWritersLeaveWholeRecords) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 20;
  cache::Records records = this->open();
  const cache::Record shared = this->record("shared");
  std::vector<cache::Record> own;
  for (int i = 0; i < kThreads; ++i) own.push_back(this->record("own " + std::to_string(i)));
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        for (int round = 0; round < kRounds; ++round) {
          records.put(shared, {});
          EXPECT_TRUE(records.find(shared.key, {}).has_value());
          records.put(own[static_cast<std::size_t>(i)], {});
        }
      });
    }
  }
  EXPECT_EQ(records.find(shared.key, {}), shared);
  for (const cache::Record& record : own) EXPECT_EQ(records.find(record.key, {}), record);
  EXPECT_TRUE(this->warnings().empty());
}

REGISTER_TYPED_TEST_SUITE_P(CacheBackendSuite, HasAName, MissesWhatWasNeverPut, FindsAllOfWhatWasPut,
                            FindsAStepThatChangedNothing, FindsByContentKeyToo, TheLastPutOfAKeyWins,
                            RemembersTheLastRecordOfAStep, ListsEachKindByItself, OtherProcessesSeeIt,
                            ADamagedRecordIsAReportedMiss, GivesBackBlobs, AMissingBlobIsAnError,
                            EndsOnAStopRequest, ParallelWritersLeaveWholeRecords);

}  // namespace cooper::test
