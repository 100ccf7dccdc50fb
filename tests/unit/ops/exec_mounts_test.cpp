#include "ops/exec_mounts.h"

#include <fstream>
#include <gmock/gmock.h>

#include "ops/mount_keeper.h"
#include "os/file_time.h"
#include "tests/unit/ops/services_fixture.h"

namespace cooper::ops {
namespace {

using support::error_of;
using support::LayerTar;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class OpsExecMounts : public ServicesFixture {
 protected:
  StepMounts prepare(std::vector<graph::Mount> mounts, std::vector<solver::ResultPtr> inputs = {nullptr}) {
    graph::Exec exec;
    exec.mounts = std::move(mounts);
    return prepare_mounts(exec, inputs, services_, nullptr, {});
  }
  template <typename Op>
  static const Op& only(const StepMounts& mounts) {
    EXPECT_EQ(mounts.mounts.size(), 1U);
    return std::get<Op>(mounts.mounts.at(0));
  }
  static graph::CacheMount cache(const std::string& id, graph::CacheMount::Sharing sharing = {}) {
    graph::CacheMount mount;
    mount.id = id;
    mount.sharing = sharing;
    return mount;
  }
  static graph::BindMount bind(const std::string& source, bool writable = false) {
    return graph::BindMount{1, source, writable};
  }
  std::string cache_directory(const graph::CacheMount& mount,
                              std::vector<solver::ResultPtr> inputs = {nullptr}) {
    return only<sandbox::BindMount>(prepare({{"/c", mount}}, std::move(inputs))).source;
  }
  static std::string read(const std::string& path) { return os::read_file(path); }

  using Sharing = graph::CacheMount::Sharing;
};

TEST_F(OpsExecMounts, BindsAPathOfAStage) {
  solver::ResultPtr stage = stack(LayerTar().directory("src").file("src/a", "x").symlink("link", "src"));
  StepMounts planned = prepare({{"/mnt", bind("/link")}}, {nullptr, stage});
  const auto& overlay = only<sandbox::OverlayMount>(planned);
  EXPECT_EQ(overlay.target, "/mnt");
  EXPECT_EQ(overlay.source, "src") << "symlinks are resolved inside the stage";
  EXPECT_EQ(overlay.upper, "") << "read-only";
  ASSERT_EQ(overlay.lower.size(), 1U);
  EXPECT_EQ(read(overlay.lower[0] + "/src/a"), "x");
}

TEST_F(OpsExecMounts, AWritableBindHasAnUpperThatGoesAway) {
  std::string upper;
  {
    StepMounts planned = prepare({{"/mnt", bind("/", true)}}, {nullptr, stack(LayerTar().file("a"))});
    upper = only<sandbox::OverlayMount>(planned).upper;
    EXPECT_TRUE(std::filesystem::exists(upper));
    EXPECT_NE(only<sandbox::OverlayMount>(planned).work, "");
  }
  EXPECT_FALSE(std::filesystem::exists(upper));
}

TEST_F(OpsExecMounts, BindsOfTheContextHideWhatIsIgnored) {
  write("src/a", "x");
  write("src/secret", "s");
  write("other", "o");
  auto tree = std::make_shared<TreeResult>(context({"src/secret"}));
  StepMounts planned = prepare({{"/mnt", bind("/src")}}, {nullptr, tree});
  const auto& overlay = only<sandbox::OverlayMount>(planned);
  EXPECT_EQ(overlay.source, "src");
  ASSERT_EQ(overlay.lower.size(), 1U);
  EXPECT_EQ(read(overlay.lower[0] + "/src/a"), "x");
  EXPECT_FALSE(std::filesystem::exists(overlay.lower[0] + "/src/secret"));
  EXPECT_FALSE(std::filesystem::exists(overlay.lower[0] + "/other")) << "only what was asked for";
}

TEST_F(OpsExecMounts, AMissingBindSourceIsNamed) {
  base::Error error = error_of([&] {
    prepare({{"/mnt", bind("/gone")}}, {nullptr, stack(LayerTar().file("a"))});
  });
  EXPECT_EQ(error.kind(), base::ErrorKind::kContext);
  EXPECT_EQ(error.message(), "'/gone': not found, wanted by the mount at '/mnt'");
  EXPECT_EQ(error_of([&] {
              prepare({{"/mnt", bind("/gone")}}, {nullptr, context_result()});
            }).message(),
            "'/gone': not found, wanted by the mount at '/mnt'");
}

TEST_F(OpsExecMounts, CachesKeepTheirDirectory) {
  std::string first = cache_directory(cache("go"));
  std::ofstream(first + "/kept") << "x";
  EXPECT_EQ(cache_directory(cache("go")), first);
  EXPECT_TRUE(std::filesystem::exists(first + "/kept"));
  EXPECT_NE(cache_directory(cache("npm")), first);
  EXPECT_NE(cache_directory(cache("../../go")), first);
  EXPECT_TRUE(cache_directory(cache("../../go")).starts_with(store_->path() + "/mounts/"));
}

TEST_F(OpsExecMounts, UsingACacheMarksIt) {
  constexpr std::int64_t kLongAgo = 1'000'000'000;
  std::string parent = std::filesystem::path(cache_directory(cache("go"))).parent_path();
  ASSERT_TRUE(os::set_modified_time(parent, kLongAgo));
  cache_directory(cache("go"));
  EXPECT_GT(os::modified_time(parent), kLongAgo);
}

TEST_F(OpsExecMounts, ANewCacheHasItsMode) {
  graph::CacheMount mount = cache("go");
  mount.mode = 01777;
  struct stat info {};
  ASSERT_EQ(::stat(cache_directory(mount).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 01777U);
}

TEST_F(OpsExecMounts, APartOfACacheIsMountedFromTheSameCache) {
  graph::CacheMount part = cache("go");
  part.source = "/sub";
  StepMounts planned = prepare({{"/c", part}});
  const auto& mount = only<sandbox::BindMount>(planned);
  EXPECT_EQ(mount.path, "sub");
  EXPECT_EQ(mount.source, cache_directory(cache("go")));
}

TEST_F(OpsExecMounts, CachesOfOtherOwnersModesOrSeedsAreOthers) {
  graph::CacheMount mount = cache("go");
  std::string plain = cache_directory(mount);
  mount.mode = 0777;
  EXPECT_NE(cache_directory(mount), plain);
  mount = cache("go");
  mount.gid = 7;
  EXPECT_NE(cache_directory(mount), plain);
  mount = cache("go");
  mount.input = 1;
  mount.source = "/";
  std::string seeded = cache_directory(mount, {nullptr, stack(LayerTar().file("a"))});
  EXPECT_NE(seeded, plain);
  EXPECT_NE(cache_directory(mount, {nullptr, stack(LayerTar().file("b"))}), seeded);
}

TEST_F(OpsExecMounts, PrivateCachesAreNotShared) {
  StepMounts one = prepare({{"/c", cache("go", Sharing::kPrivate)}});
  StepMounts two = prepare({{"/c", cache("go", Sharing::kPrivate)}});
  std::string first = only<sandbox::BindMount>(one).source;
  EXPECT_NE(only<sandbox::BindMount>(two).source, first);
  one.locks.clear();
  EXPECT_EQ(cache_directory(cache("go", Sharing::kPrivate)), first) << "free again";
}

TEST_F(OpsExecMounts, SharedCachesAreUsedAtOnce) {
  StepMounts one = prepare({{"/c", cache("go")}});
  StepMounts two = prepare({{"/c", cache("go")}});
  EXPECT_EQ(only<sandbox::BindMount>(one).source, only<sandbox::BindMount>(two).source);
}

TEST_F(OpsExecMounts, OneStepMayMountALockedCacheTwice) {
  StepMounts planned =
      prepare({{"/a", cache("go", Sharing::kLocked)}, {"/b", cache("go", Sharing::kLocked)}});
  ASSERT_EQ(planned.mounts.size(), 2U);
  EXPECT_EQ(std::get<sandbox::BindMount>(planned.mounts[0]).source,
            std::get<sandbox::BindMount>(planned.mounts[1]).source);
}

TEST_F(OpsExecMounts, ALockedCacheWaitsForTheOther) {
  auto first = std::make_unique<StepMounts>(prepare({{"/a", cache("go", Sharing::kLocked)}}));
  std::string lock = only<sandbox::BindMount>(*first).source + ".lock";
  EXPECT_FALSE(os::FileLock::try_acquire(lock, os::LockMode::kShared));
  first.reset();
  EXPECT_TRUE(os::FileLock::try_acquire(lock, os::LockMode::kExclusive));
}

TEST_F(OpsExecMounts, ASeedFillsANewCache) {
  graph::CacheMount mount = cache("go");
  mount.input = 1;
  mount.source = "/seed";
  solver::ResultPtr stage = stack(LayerTar()
                                      .directory("seed", 0700)
                                      .directory("seed/empty", 0711)
                                      .file("seed/f", "x")
                                      .symlink("seed/l", "f"));
  std::string directory = cache_directory(mount, {nullptr, stage});
  EXPECT_EQ(read(directory + "/f"), "x");
  EXPECT_EQ(std::filesystem::read_symlink(directory + "/l"), "f");
  EXPECT_TRUE(std::filesystem::is_directory(directory + "/empty"));
  std::ofstream(directory + "/f") << "changed";
  EXPECT_EQ(text(stack_of(stage), "seed/f"), "x") << "the cache shares nothing with the layer";
  EXPECT_EQ(read(cache_directory(mount, {nullptr, stage}) + "/f"), "changed") << "seeded once";
}

TEST_F(OpsExecMounts, AnEmptySeedIsAnEmptyCache) {
  graph::CacheMount mount = cache("go");
  mount.input = 1;
  mount.source = "/seed";
  std::string directory = cache_directory(mount, {nullptr, stack(LayerTar().directory("seed"))});
  EXPECT_TRUE(std::filesystem::is_empty(directory));
}

// Restores one file where it is told to, and remembers what it was asked.
class FakeKeeper final : public MountKeeper {
 public:
  explicit FakeKeeper(bool knows) : knows_(knows) {}
  bool restore(const KeptMount& mount, const std::string& tree, const std::stop_token&) override {
    asked.push_back(mount);
    if (knows_) std::ofstream(tree + "/restored") << "x";
    return knows_;
  }
  void used(const KeptMount& mount) override { heard.push_back(mount); }

  std::vector<KeptMount> asked;
  std::vector<KeptMount> heard;

 private:
  bool knows_;
};

TEST_F(OpsExecMounts, WhatWasKeptIsRestoredOnceAndBeforeAnySeed) {
  FakeKeeper keeper(true);
  services_.mounts = &keeper;
  graph::CacheMount mount = cache("go");
  mount.input = 1;
  mount.source = "/";
  mount.mode = 0700;
  solver::ResultPtr seed = stack(LayerTar().file("seeded"));
  const std::string directory = cache_directory(mount, {nullptr, seed});
  EXPECT_TRUE(std::filesystem::exists(directory + "/restored"));
  EXPECT_FALSE(std::filesystem::exists(directory + "/seeded"));
  struct stat info {};
  ASSERT_EQ(::stat(directory.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700U);
  cache_directory(mount, {nullptr, seed});
  ASSERT_EQ(keeper.asked.size(), 1U);
  EXPECT_EQ(keeper.asked[0].id, "go");
  EXPECT_EQ(keeper.asked[0].directory, directory);
  EXPECT_EQ(keeper.heard.size(), 2U) << "each use";
}

TEST_F(OpsExecMounts, WithNothingKeptTheSeedFillsTheCache) {
  FakeKeeper keeper(false);
  services_.mounts = &keeper;
  graph::CacheMount mount = cache("go");
  mount.input = 1;
  mount.source = "/";
  EXPECT_TRUE(std::filesystem::exists(cache_directory(mount, {nullptr, stack(LayerTar().file("seeded"))}) +
                                      "/seeded"));
}

TEST_F(OpsExecMounts, AKeptMountHasOneNameOnEveryMachine) {
  FakeKeeper keeper(false);
  services_.mounts = &keeper;
  graph::CacheMount mount = cache("go");
  mount.input = 1;
  mount.source = "/";
  cache_directory(mount, {nullptr, stack(LayerTar().file("a"))});
  cache_directory(mount, {nullptr, stack(LayerTar().file("b"))});
  mount.source = "/other";
  cache_directory(mount, {nullptr, stack(LayerTar().directory("other"))});
  ASSERT_EQ(keeper.heard.size(), 3U);
  EXPECT_EQ(keeper.heard[0].name, keeper.heard[1].name);
  EXPECT_NE(keeper.heard[0].directory, keeper.heard[1].directory);
  EXPECT_NE(keeper.heard[0].name, keeper.heard[2].name);
}

TEST_F(OpsExecMounts, OnlyTheFirstPrivateCopyIsKept) {
  FakeKeeper keeper(true);
  services_.mounts = &keeper;
  StepMounts one = prepare({{"/c", cache("go", Sharing::kPrivate)}});
  StepMounts two = prepare({{"/c", cache("go", Sharing::kPrivate)}});
  ASSERT_EQ(keeper.heard.size(), 1U);
  EXPECT_EQ(keeper.heard[0].directory, only<sandbox::BindMount>(one).source);
  EXPECT_TRUE(std::filesystem::is_empty(only<sandbox::BindMount>(two).source));
}

TEST_F(OpsExecMounts, SecretsAreFilesOrVariables) {
  services_.secret = [](const std::string& id) -> std::optional<std::string> {
    if (id != "token") return std::nullopt;
    return "value";
  };
  graph::SecretMount secret;
  secret.id = "token";
  secret.mode = 0440;
  secret.uid = 7;
  secret.env = "TOKEN";
  StepMounts planned = prepare({{"/run/secrets/token", secret}});
  const auto& file = only<sandbox::FileMount>(planned);
  EXPECT_EQ(file.target, "/run/secrets/token");
  EXPECT_EQ(file.content, "value");
  EXPECT_EQ(file.mode, 0440U);
  EXPECT_EQ(file.uid, 7U);
  EXPECT_THAT(planned.env, ElementsAre("TOKEN=value"));
  secret.as_file = false;
  EXPECT_THAT(prepare({{"", secret}}).mounts, IsEmpty());
}

TEST_F(OpsExecMounts, OnlyRequiredSecretsAndAgentsAreMissed) {
  graph::SecretMount secret;
  secret.id = "gone";
  graph::SshMount ssh;
  EXPECT_THAT(prepare({{"/s", secret}, {"/a", ssh}}).mounts, IsEmpty());
  secret.required = true;
  ssh.required = true;
  base::Error error = error_of([&] { prepare({{"/s", secret}}); });
  EXPECT_EQ(error.message(), "secret 'gone' is required and was not given");
  EXPECT_THAT(error.hint(), HasSubstr("--secret id=gone,src=FILE"));
  EXPECT_EQ(error_of([&] {
              prepare({{"/a", ssh}});
            }).message(),
            "ssh agent 'default' is required and was not given");
}

TEST_F(OpsExecMounts, AnAgentIsASocketOfOurs) {
  services_.ssh_socket = [](const std::string&) { return "/host/agent"; };
  graph::SshMount ssh;
  ssh.mode = 0741;
  StepMounts planned = prepare({{"/run/agent", ssh}});
  struct stat info {};
  ASSERT_EQ(::stat(only<sandbox::BindMount>(planned).source.c_str(), &info), 0);
  EXPECT_TRUE(S_ISSOCK(info.st_mode));
  EXPECT_EQ(info.st_mode & 07777, 0741U);
  std::string socket = only<sandbox::BindMount>(planned).source;
  planned.agents.clear();
  EXPECT_FALSE(std::filesystem::exists(socket)) << "gone with the step";
}

TEST_F(OpsExecMounts, TmpfsAndScriptsStandInOrder) {
  graph::Exec exec;
  exec.mounts.push_back({"/tmp", graph::TmpfsMount{4096}});
  exec.scripts.push_back({"/dev/pipes/EOF0", "#!/bin/sh\n"});
  std::vector<solver::ResultPtr> inputs = {nullptr};
  StepMounts planned = prepare_mounts(exec, inputs, services_, nullptr, {});
  ASSERT_EQ(planned.mounts.size(), 2U);
  EXPECT_EQ(std::get<sandbox::TmpfsMount>(planned.mounts[0]).size, 4096);
  EXPECT_EQ(std::get<sandbox::FileMount>(planned.mounts[1]).mode, 0755U);
  EXPECT_EQ(std::get<sandbox::FileMount>(planned.mounts[1]).content, "#!/bin/sh\n");
}

}  // namespace
}  // namespace cooper::ops
