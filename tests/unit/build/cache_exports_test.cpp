#include "build/cache_exports.h"

#include <gmock/gmock.h>
#include <map>

#include "base/error.h"
#include "support/error_of.h"
#include "support/layer_fixture.h"

namespace cooper::build {
namespace {

using support::error_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Documents in memory; refuses on demand.
class MemoryBackend final : public cache::Backend {
 public:
  explicit MemoryBackend(std::string name) : name_(std::move(name)) {}
  std::string name() const override { return name_; }
  std::optional<std::string> read(const cache::DocumentName& name, const std::stop_token&) override {
    std::scoped_lock lock(mutex);
    auto found = documents.find(name.id);
    return found == documents.end() ? std::nullopt : std::optional(found->second);
  }
  void write(const cache::DocumentName& name, const cache::Document& document,
             const std::stop_token&) override {
    std::scoped_lock lock(mutex);
    ++writes;
    if (refuses) throw base::Error(base::ErrorKind::kRegistry, "503");
    documents[name.id] = document.text;
  }
  std::vector<std::string> list(cache::DocumentKind, const std::stop_token&) override { return {}; }
  std::unique_ptr<base::ByteSource> open_blob(const oci::Descriptor&, const std::stop_token&) override {
    return nullptr;
  }

  std::mutex mutex;
  std::map<std::string, std::string> documents;
  int writes = 0;
  bool refuses = false;

 private:
  std::string name_;
};

class BuildCacheExports : public support::LayerFixture {
 protected:
  void add_place(bool all_steps = true, bool must_succeed = false) {
    backend_ = std::make_shared<MemoryBackend>("memory");
    CacheExport place;
    place.records = std::make_unique<cache::Records>(backend_, cache::Warn(), std::chrono::seconds(),
                                                     cache::LastOfSteps::kTogether);
    place.all_steps = all_steps;
    place.must_succeed = must_succeed;
    places_.push_back(std::move(place));
  }
  std::unique_ptr<CacheExports> open() {
    return std::make_unique<CacheExports>(
        places_,
        [this](const CacheExports::Step& step, const std::stop_token& stop) {
          return layers_.seal(*step.layer, {}, nullptr, stop);
        },
        [this](const std::string& text) { heard_.push_back(text); });
  }
  CacheExports::Step step(const std::string& name, bool of_the_image = true, const std::string& origin = "") {
    CacheExports::Step step;
    step.record.key = base::sha256(name);
    step.record.step_id = "step " + name;
    step.record.layer_id = "local name";
    step.layer = layers_.commit(layers_.begin(), snapshot::LayerIndex());
    step.origin = origin;
    step.of_the_image = of_the_image;
    return step;
  }
  cache::Record written(const std::string& name) {
    return cache::Record::parse(backend_->documents.at(base::sha256(name).hex()));
  }

  std::vector<CacheExport> places_;
  std::shared_ptr<MemoryBackend> backend_;
  std::vector<std::string> heard_;
};

TEST_F(BuildCacheExports, WritesWhatAnotherMachineNeeds) {
  add_place();
  auto exports = open();
  exports->offer(step("a"));
  exports->offer(step("b"));
  EXPECT_THAT(exports->finish({}), ElementsAre("cache in memory: 2 written, 0 there already"));
  EXPECT_TRUE(written("a").blob && written("a").diff_id && written("a").sealing);
  EXPECT_EQ(written("a").layer_id, "") << "it means nothing elsewhere";
  EXPECT_THAT(backend_->documents, SizeIs(3)) << "two records, and the last of all steps";
  EXPECT_TRUE(places_[0].records->last_of_step("step a", {}));
}

TEST_F(BuildCacheExports, LeavesOutWhatWasFoundThere) {
  add_place();
  auto exports = open();
  exports->offer(step("a", true, "memory"));
  exports->offer(step("b", true, "another cache"));
  EXPECT_THAT(exports->finish({}), ElementsAre("cache in memory: 1 written, 1 there already"));
}

TEST_F(BuildCacheExports, TheSmallModeKeepsTheImagesOwnLayers) {
  add_place(false);
  auto exports = open();
  exports->offer(step("a", false));
  exports->offer(step("b", true));
  exports->finish({});
  EXPECT_FALSE(backend_->documents.contains(base::sha256("a").hex()));
  EXPECT_TRUE(backend_->documents.contains(base::sha256("b").hex()));
}

TEST_F(BuildCacheExports, APlaceThatFailsIsAWarningAndThenLeftAlone) {
  add_place();
  backend_->refuses = true;
  auto exports = open();
  for (int i = 0; i < 40; ++i) exports->offer(step(std::to_string(i)));
  exports->finish({});
  EXPECT_THAT(heard_, ElementsAre(HasSubstr("40 of 40 results not written to the cache in memory: 503")));
  EXPECT_LT(backend_->writes, 20);
}

TEST_F(BuildCacheExports, AStrictPlaceThatFailsIsAnError) {
  add_place(true, true);
  backend_->refuses = true;
  auto exports = open();
  exports->offer(step("a"));
  EXPECT_THAT(error_of([&] { exports->finish({}); }).summary(), HasSubstr("write the cache to memory"));
  auto failed = open();
  failed->offer(step("a"));
  failed->finish_after_failure({});
  EXPECT_THAT(heard_, ElementsAre(HasSubstr("memory")));
}

TEST_F(BuildCacheExports, EndsOnAStopRequest) {
  add_place();
  auto exports = open();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(error_of([&] { exports->finish(stop.get_token()); }).kind(), base::ErrorKind::kCancelled);
  EXPECT_THAT(heard_, IsEmpty());
}

}  // namespace
}  // namespace cooper::build
