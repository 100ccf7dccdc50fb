#include "ops/git_source.h"

#include <filesystem>
#include <gmock/gmock.h>

#include "os/fd.h"
#include "support/fake_ssh.h"
#include "support/git_work_tree.h"
#include "tests/unit/ops/services_fixture.h"

namespace cooper::ops {
namespace {

using support::error_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

class OpsGitSource : public ServicesFixture {
 protected:
  OpsGitSource() { restart(); }

  // A new build.
  void restart() {
    GitSourceOptions options;
    options.access.ssh_agent = [] { return "/agent"; };
    options.access.ssh_program = support::make_fake_ssh(directory_.path());
    options.store = store_;
    options.warn = [this](const std::string& text) { warnings_.push_back(text); };
    sources_ = std::make_unique<GitSources>(options);
  }
  graph::GitSource source(const std::string& ref = "") const {
    graph::GitSource op;
    op.url = "ssh://git@host" + origin_.directory();
    op.ref = ref;
    return op;
  }
  base::Digest identity(const graph::GitSource& op) { return sources_->pin(op, {}).identity; }
  std::string read(const graph::GitSource& op, const std::string& path) {
    os::Fd file = sources_->open(op, {})->open(path);
    os::FdSource content(file.get(), path);
    return base::read_all(content, 1 << 20, path);
  }
  std::size_t checkouts() const {
    std::size_t count = 0;
    for (const auto& lease : fs::directory_iterator(store_->path() + "/tmp")) {
      for (const auto& item : fs::directory_iterator(lease.path()))
        count += item.path().filename().string().starts_with("git-") ? 1 : 0;
    }
    return count;
  }
  std::size_t conversations() const {
    const std::string log = os::read_file(directory_.path() + "/ssh.log");
    return static_cast<std::size_t>(std::count(log.begin(), log.end(), '\n'));
  }

  os::TempDir directory_{::testing::TempDir()};
  support::GitWorkTree origin_{directory_.path() + "/origin"};
  std::string first_ = origin_.commit_file("file", "one");
  std::vector<std::string> warnings_;
  std::unique_ptr<GitSources> sources_;
};

TEST_F(OpsGitSource, IsPinnedToACommitAndItsTimeWithoutACheckout) {
  const PinnedSource pinned = sources_->pin(source("main"), {});
  EXPECT_EQ(pinned.time, 1'700'000'000);
  EXPECT_EQ(sources_->commit(source("main"), {}), first_);
  EXPECT_EQ(identity(source(first_)), pinned.identity) << "however it was asked for";
  EXPECT_EQ(checkouts(), 0U);
}

TEST_F(OpsGitSource, ARefStaysWhatItWasForTheWholeBuild) {
  const base::Digest before = identity(source("main"));
  const std::string second = origin_.commit_file("file", "two");
  EXPECT_EQ(identity(source("main")), before);
  EXPECT_EQ(read(source("main"), "file"), "one");
  EXPECT_EQ(sources_->commit(source(second), {}), second);
  restart();
  EXPECT_NE(identity(source("main")), before);
}

TEST_F(OpsGitSource, IsAskedForOnceAndCheckedOutOnce) {
  for (int i = 0; i < 3; ++i) {
    sources_->pin(source("main"), {});
    EXPECT_EQ(read(source("main"), "file"), "one");
  }
  EXPECT_EQ(checkouts(), 1U);
  EXPECT_EQ(conversations(), 2U) << "once for the refs and once for the objects";
  restart();
  sources_->pin(source("main"), {});
  EXPECT_EQ(conversations(), 3U) << "the objects were here already";
  EXPECT_EQ(checkouts(), 0U) << "a build's checkouts go with it";
}

TEST_F(OpsGitSource, TheChoicesAreParts) {
  origin_.commit_file("sub/file", "inner");
  std::set<base::Digest> identities;
  graph::GitSource op = source("main");
  identities.insert(identity(op));
  op.subdir = "sub";
  identities.insert(identity(op));
  EXPECT_EQ(read(op, "file"), "inner");
  const base::Digest of_subdir = identity(op);
  op.subdir = "/./sub/";
  EXPECT_EQ(identity(op), of_subdir);
  op = source("main");
  op.submodules = false;
  identities.insert(identity(op));
  op = source("main");
  op.keep_git_dir = true;
  identities.insert(identity(op));
  EXPECT_EQ(identities.size(), 4U);
}

TEST_F(OpsGitSource, WithItsGitDirectoryItCountsWhereItIsFrom) {
  graph::GitSource op = source("main");
  op.keep_git_dir = true;
  EXPECT_THAT(read(op, ".git/HEAD"), HasSubstr(first_));
  graph::GitSource by_id = source(first_);
  by_id.keep_git_dir = true;
  EXPECT_NE(identity(by_id), identity(op)) << "this one knows no branch";
}

TEST_F(OpsGitSource, OfASubdirectoryNoGitDirectoryIsKept) {
  origin_.commit_file("sub/file", "inner");
  graph::GitSource op = source("main");
  op.subdir = "sub";
  const base::Digest plain = identity(op);
  op.keep_git_dir = true;
  EXPECT_EQ(identity(op), plain);
  EXPECT_EQ(sources_->open(op, {})->lookup(".git"), std::nullopt);
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_THAT(warnings_[0], HasSubstr("no .git to keep in the subdirectory 'sub'"));
}

TEST_F(OpsGitSource, ChecksumsAreOfTheCommitOrTheTag) {
  origin_.git({"tag", "-a", "-m", "x", "v1"});
  graph::GitSource op = source("v1");
  for (const std::string& good : {first_, first_.substr(0, 7), origin_.git({"rev-parse", "v1"})}) {
    op.checksum = good;
    EXPECT_NO_THROW(sources_->pin(op, {})) << good;
  }
  op.checksum = std::string(40, '7');
  EXPECT_THAT(error_of([&] { sources_->pin(op, {}); }).message(), HasSubstr(first_));
  EXPECT_THAT(error_of([&] { sources_->open(op, {}); }).message(), HasSubstr(op.checksum));
}

TEST_F(OpsGitSource, AWrongChecksumFetchesNothing) {
  graph::GitSource op = source("main");
  op.checksum = "77";
  error_of([&] { sources_->pin(op, {}); });
  EXPECT_EQ(conversations(), 1U);
}

TEST_F(OpsGitSource, DamagedObjectsAreHadAnew) {
  sources_->pin(source("main"), {});
  for (const auto& item : fs::recursive_directory_iterator(store_->sources_path() + "/git")) {
    if (item.path().extension() == ".pack") fs::resize_file(item.path(), fs::file_size(item.path()) / 2);
  }
  EXPECT_EQ(read(source("main"), "file"), "one");
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_THAT(warnings_[0], HasSubstr("damaged"));
}

TEST_F(OpsGitSource, RepositoriesOfThisMachineAreRefused) {
  graph::GitSource op;
  for (const std::string& url : {origin_.directory(), "file://" + origin_.directory()}) {
    op.url = url;
    EXPECT_EQ(error_of([&] { sources_->pin(op, {}); }).kind(), base::ErrorKind::kContext) << url;
  }
}

}  // namespace
}  // namespace cooper::ops
