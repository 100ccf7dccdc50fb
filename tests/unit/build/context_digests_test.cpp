#include "build/context_digests.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "base/error.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "os/list_directory.h"

namespace cooper::build {
namespace {

constexpr std::int64_t kLongAgo = 1'000'000'000;
constexpr std::int64_t kNow = std::int64_t{1'700'000'000} * 1'000'000'000;

class BuildContextDigests : public testing::Test {
 protected:
  std::string context(const std::string& name) {
    const std::string path = directory_.path() + "/" + name;
    os::make_directories(path);
    return path;
  }
  void put(ContextDigests& digests, const std::string& directory) {
    digests.of(directory)->put("file", identity_, digest_, kNow);
  }
  std::function<void(const std::string&)> keep_warnings() {
    return [this](const std::string& text) { warnings_.push_back(text); };
  }

  const context::FileIdentity identity_{1, 2, 3, kLongAgo, kLongAgo};
  const base::Digest digest_ = base::sha256(std::string_view("content"));
  os::TempDir directory_{testing::TempDir()};
  std::shared_ptr<store::Store> store_ = store::Store::open(directory_.path() + "/store");
  std::vector<std::string> warnings_;
};

TEST_F(BuildContextDigests, OfOneDirectoryAreKeptForTheNextBuild) {
  ContextDigests first(store_);
  put(first, context("a"));
  first.save(keep_warnings());
  ContextDigests second(store_);
  EXPECT_EQ(second.of(context("a"))->find("file", identity_), digest_);
  EXPECT_FALSE(second.of(context("b"))->find("file", identity_));
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(BuildContextDigests, GoByTheDirectoryAndNotByItsSpelling) {
  ContextDigests digests(store_);
  EXPECT_EQ(digests.of(context("a")), digests.of(context("a") + "/../a"));
}

TEST_F(BuildContextDigests, ThatAreDamagedAreNone) {
  ContextDigests first(store_);
  put(first, context("a"));
  first.save(keep_warnings());
  const std::string place = store_->sources_path() + "/context";
  for (const std::string& name : os::list_directory(place))
    os::write_file_atomically(place + "/" + name, "cooper-digest-cache 2\nwhatever");
  ContextDigests second(store_);
  EXPECT_FALSE(second.of(context("a"))->find("file", identity_));
}

TEST_F(BuildContextDigests, ThatCannotBeWrittenAreAWarning) {
  os::make_directories(store_->sources_path());
  os::write_file_atomically(store_->sources_path() + "/context", "in the way");
  ContextDigests digests(store_);
  put(digests, context("a"));
  digests.save(keep_warnings());
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_NE(warnings_[0].find("cannot remember the digests of context files"), std::string::npos);
}

}  // namespace
}  // namespace cooper::build
