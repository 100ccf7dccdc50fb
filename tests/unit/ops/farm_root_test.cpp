#include "ops/farm_root.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ops/exec.h"
#include "ops/farms.h"
#include "tests/unit/ops/services_fixture.h"

namespace cooper::ops {
namespace {

namespace fs = std::filesystem;
using support::error_of;
using support::LayerTar;
using ::testing::HasSubstr;

class OpsFarmRoot : public ServicesFixture {
 protected:
  OpsFarmRoot() {
    services_.farms = &farms_;
    exec_.argv = {"/bin/sh"};
  }
  snapshot::LayerPtr run(std::vector<solver::ResultPtr> inputs) {
    return run_exec(0, exec_, inputs, services_, {});
  }
  // What a step does, given its root's directory.
  void step(const std::function<void(const sandbox::Spec&, const sandbox::FarmRoot&)>& action) {
    launcher_.step = [action](const sandbox::Spec& spec, const auto&) {
      action(spec, std::get<sandbox::FarmRoot>(spec.root));
      return sandbox::ExitStatus{};
    };
  }
  static void change(const sandbox::FarmRoot& root, const std::string& path) {
    const std::string record = "p" + path + '\0';
    ASSERT_EQ(::write(root.changes, record.data(), record.size()), static_cast<ssize_t>(record.size()));
  }

  Farms farms_{layers_};
  graph::Exec exec_;
};

LayerTar system_tar() {
  return LayerTar().directory("dev").directory("proc").directory("sys").directory("etc").file("etc/hosts",
                                                                                              "image's");
}

TEST_F(OpsFarmRoot, WhatTheStepListsBecomesTheLayer) {
  step([](const sandbox::Spec&, const sandbox::FarmRoot& root) {
    std::ofstream(root.directory + "/made") << "by the step";
    std::ofstream(root.directory + "/unlisted") << "x";
    change(root, "made");
  });
  snapshot::LayerPtr made = run({stack(system_tar())});
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(text({made}, "made"), "by the step");
  EXPECT_EQ(made->index().entries().size(), 1U);
}

TEST_F(OpsFarmRoot, AListThatIsCutMeansThatAllIsLookedAt) {
  step([](const sandbox::Spec&, const sandbox::FarmRoot& root) {
    std::ofstream(root.directory + "/made") << "by the step";
    ASSERT_EQ(::write(root.changes, "pma", 3), 3);
  });
  snapshot::LayerPtr made = run({stack(system_tar())});
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(text({made}, "made"), "by the step");
}

TEST_F(OpsFarmRoot, StepsInARowRunInOneTree) {
  std::string first;
  step([&](const sandbox::Spec&, const sandbox::FarmRoot& root) {
    first = root.directory;
    std::ofstream(root.directory + "/one") << "1";
    change(root, "one");
  });
  auto base = std::dynamic_pointer_cast<const StackResult>(stack(system_tar()));
  auto next = std::make_shared<StackResult>(*base);
  next->stack.push_back(run({base}));
  step([&](const sandbox::Spec&, const sandbox::FarmRoot& root) {
    EXPECT_EQ(root.directory, first);
    EXPECT_TRUE(fs::exists(root.directory + "/one"));
  });
  EXPECT_EQ(run({next}), nullptr);
}

TEST_F(OpsFarmRoot, ATreeOfAFailedStepIsNotUsedAgain) {
  std::string first;
  launcher_.step = [&](const sandbox::Spec& spec, const auto&) {
    first = std::get<sandbox::FarmRoot>(spec.root).directory;
    return sandbox::ExitStatus{.code = 1};
  };
  solver::ResultPtr base = stack(system_tar());
  EXPECT_EQ(error_of([&] { run({base}); }).kind(), base::ErrorKind::kRunFailed);
  step([&](const sandbox::Spec&, const sandbox::FarmRoot& root) { EXPECT_NE(root.directory, first); });
  run({base});
}

TEST_F(OpsFarmRoot, MountsHavePlacesInTheTreeWhileTheStepRuns) {
  LayerTar tar = system_tar();
  tar.symlink("var/run", "/run").directory("run");
  graph::SecretMount secret;
  secret.id = "token";
  graph::CacheMount cache;
  cache.id = "c";
  exec_.mounts = {{"/var/run/secrets/token", secret}, {"/cache", cache}};
  services_.secret = [](const std::string&) { return "s3cret"; };
  std::string farm;
  step([&](const sandbox::Spec& spec, const sandbox::FarmRoot& root) {
    farm = root.directory;
    for (const char* place : {"/run/secrets/token", "/cache", "/etc/hosts", "/etc/resolv.conf", "/proc"}) {
      EXPECT_EQ(fs::read_symlink(farm + place), fs::path(place).filename()) << place;
    }
    ASSERT_EQ(root.places.size(), 1U);
    EXPECT_EQ(root.places[0].target, "/var/run/secrets/token");
    EXPECT_EQ(root.places[0].path, "/run/secrets/token");
    EXPECT_EQ(spec.mounts.size(), 2U);
  });
  EXPECT_EQ(run({stack(tar)}), nullptr) << "mounts are no part of a layer";
  EXPECT_EQ(os::read_file(farm + "/etc/hosts"), "image's");
  EXPECT_FALSE(fs::exists(fs::symlink_status(farm + "/run/secrets")));
}

TEST_F(OpsFarmRoot, OtherStagesAreFarmsOfTheirOwn) {
  solver::ResultPtr stage = stack(LayerTar().directory("src").file("src/a", "x"));
  exec_.mounts = {{"/mnt", graph::BindMount{1, "/src", true}},
                  {"/one", graph::BindMount{1, "/src/a", false}}};
  step([&](const sandbox::Spec& spec, const sandbox::FarmRoot&) {
    const auto& tree = std::get<sandbox::BindMount>(spec.mounts.at(0));
    EXPECT_EQ(os::read_file(tree.source + "/a"), "x");
    EXPECT_FALSE(tree.read_only);
    EXPECT_EQ(fs::hard_link_count(tree.source + "/a"), 1U)
        << "a step that writes to it must not write to the store";
    const auto& file = std::get<sandbox::BindMount>(spec.mounts.at(1));
    EXPECT_EQ(file.path, "a");
    EXPECT_TRUE(file.read_only);
    EXPECT_GT(fs::hard_link_count(file.source + "/a"), 1U);
  });
  run({stack(system_tar()), stage});
}

TEST_F(OpsFarmRoot, AMissingWorkingDirectoryStays) {
  exec_.cwd = "/srv/app";
  snapshot::LayerPtr made = run({stack(system_tar())});
  ASSERT_NE(made, nullptr);
  EXPECT_NE(made->index().find("srv/app"), nullptr);
}

TEST_F(OpsFarmRoot, OwnersThatCouldNotBeKeptAreAnError) {
  step([](const sandbox::Spec&, const sandbox::FarmRoot& root) {
    auto* board = static_cast<sandbox::stub::Board*>(
        ::mmap(nullptr, sizeof(sandbox::stub::Board), PROT_READ | PROT_WRITE, MAP_SHARED, root.board, 0));
    ASSERT_NE(board, MAP_FAILED);
    board->table_full = 1;
    ::munmap(board, sizeof(sandbox::stub::Board));
  });
  solver::ResultPtr base = stack(system_tar());
  EXPECT_THAT(error_of([&] { run({base}); }).message(), HasSubstr("more files than can be kept"));
}

}  // namespace
}  // namespace cooper::ops
