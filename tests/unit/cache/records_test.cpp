#include "cache/records.h"

#include <ctime>
#include <gmock/gmock.h>
#include <map>

#include "base/error.h"
#include "support/cache_backend_suite.h"
#include "support/error_of.h"

namespace cooper::cache {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Documents in memory; fails on demand.
class MemoryBackend final : public Backend {
 public:
  std::string name() const override { return "memory"; }
  std::optional<std::string> read(const DocumentName& name, const std::stop_token&) override {
    ++reads;
    if (failure) throw *failure;
    auto found = documents.find({name.kind, name.id});
    return found == documents.end() ? std::nullopt : std::optional(found->second);
  }
  void write(const DocumentName& name, const Document& document, const std::stop_token&) override {
    documents[{name.kind, name.id}] = document.text;
  }
  std::vector<std::string> list(DocumentKind kind, const std::stop_token&) override {
    std::vector<std::string> ids;
    for (const auto& [name, text] : documents) {
      if (name.first == kind) ids.push_back(name.second);
    }
    return ids;
  }
  std::unique_ptr<base::ByteSource> open_blob(const oci::Descriptor&, const std::stop_token&) override {
    return nullptr;
  }

  std::map<std::pair<DocumentKind, std::string>, std::string> documents;
  std::optional<base::Error> failure;
  int reads = 0;
};

class CacheRecords : public ::testing::Test {
 protected:
  static Record record(const std::string& name) {
    Record record = test::full_record(name, {});
    record.blob.reset();
    return record;
  }
  Warn warn() {
    return [this](const std::string& text) { heard_.push_back(text); };
  }
  std::shared_ptr<MemoryBackend> backend_ = std::make_shared<MemoryBackend>();
  std::vector<std::string> heard_;
  Records records_{backend_, warn()};
  Record record_ = record("a");
};

TEST_F(CacheRecords, AnUnreachablePlaceIsReportedOnceAndLeftAlone) {
  backend_->failure = base::Error(base::ErrorKind::kRegistry, "503");
  EXPECT_EQ(records_.outage(), "");
  EXPECT_FALSE(records_.find(record_.key, {}));
  EXPECT_FALSE(records_.find(base::sha256("other"), {}));
  EXPECT_FALSE(records_.last_of_step(record_.step_id, {}));
  EXPECT_THAT(heard_, ElementsAre(HasSubstr("memory: 503")));
  EXPECT_EQ(backend_->reads, 1);
  EXPECT_EQ(records_.outage(), "503");
}

TEST_F(CacheRecords, OneUnreadableRecordIsAMissAndTheOthersAreStillAsked) {
  backend_->failure = base::Error(base::ErrorKind::kIo, "input/output error");
  EXPECT_FALSE(records_.find(record_.key, {}));
  backend_->failure.reset();
  records_.put(record_, {});
  EXPECT_TRUE(records_.find(record_.key, {}));
  EXPECT_EQ(heard_.size(), 1U);
}

TEST_F(CacheRecords, AStopRequestIsNoOutage) {
  backend_->failure = base::Error(base::ErrorKind::kCancelled, "cancelled");
  EXPECT_EQ(support::error_of([&] { records_.find(record_.key, {}); }).kind(), base::ErrorKind::kCancelled);
  EXPECT_THAT(heard_, IsEmpty());
}

TEST_F(CacheRecords, RefusesARecordUnderAnotherKeysName) {
  base::Digest other = base::sha256("other");
  backend_->documents[{DocumentKind::kRecord, other.hex()}] = record_.serialize();
  EXPECT_FALSE(records_.find(other, {}));
  EXPECT_THAT(heard_, ElementsAre(HasSubstr("another key")));
}

TEST_F(CacheRecords, OldRecordsAreMisses) {
  Records aged(backend_, warn(), std::chrono::hours(1));
  record_.created = std::time(nullptr) - 3500;
  aged.put(record_, {});
  EXPECT_TRUE(aged.find(record_.key, {}));
  record_.created = std::time(nullptr) - 3700;
  aged.put(record_, {});
  EXPECT_FALSE(aged.find(record_.key, {}));
  EXPECT_TRUE(records_.find(record_.key, {})) << "without a limit it still counts";
  EXPECT_THAT(heard_, IsEmpty());
}

TEST_F(CacheRecords, CanKeepTheLastOfAllStepsTogether) {
  auto open = [&] { return Records(backend_, warn(), {}, LastOfSteps::kTogether); };
  Record other = record("b");
  Records(open()).put(record_, {});
  Records(open()).put(other, {});
  EXPECT_EQ(backend_->documents.size(), 2U);
  EXPECT_FALSE(Records(open()).last_of_step(record_.step_id, {}));
  Records(open()).put_steps({{record_.step_id, record_.key}}, {});
  Records(open()).put_steps({{other.step_id, other.key}}, {});
  EXPECT_EQ(backend_->documents.size(), 3U);
  Records reader = open();
  EXPECT_EQ(reader.last_of_step(record_.step_id, {}), record_);
  EXPECT_EQ(reader.last_of_step(other.step_id, {}), other);
  EXPECT_FALSE(reader.last_of_step("another step", {}));
}

TEST_F(CacheRecords, GivesAllOfThemOnce) {
  record_.content_key = base::sha256("content");
  records_.put(record_, {});
  Record other = record("b");
  records_.put(other, {});
  backend_->documents[{DocumentKind::kRecord, base::sha256("x").hex()}] = "garbage";
  std::vector<Record> all = records_.all({});
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(heard_.size(), 1U);
}

}  // namespace
}  // namespace cooper::cache
