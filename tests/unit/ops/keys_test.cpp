#include "ops/keys.h"

#include <fstream>
#include <functional>
#include <gmock/gmock.h>
#include <map>
#include <unistd.h>

#include "ops/results.h"
#include "tests/unit/ops/fixture.h"

namespace cooper::ops {
namespace {

using support::LayerTar;
using ::testing::ElementsAre;

class OpsKeys : public OpsFixture {
 protected:
  // Vertex 0 is the context, 1 an earlier stage, 2 what is looked at.
  static constexpr int kStep = 2;

  OpsKeys() {
    definition_.add({graph::LocalSource{}, {}, platform_, {}});
    graph::Exec build;
    build.argv = {"make"};
    definition_.add({build, {graph::kScratch}, platform_, {}});
    services_.definition = &definition_;
    services_.layers = &layers_;
    services_.pool = &pool_;
  }
  static graph::CopyAction copy(const std::string& source, int input = 1) {
    graph::CopyAction action;
    action.input = input;
    action.sources = {source};
    action.destination = "/out/";
    return action;
  }
  void step(graph::CopyAction action, int from = 0) { step_op(graph::File{{std::move(action)}}, from); }
  void step_op(graph::Op op, int from) {
    if (definition_.vertices.size() > kStep) definition_.vertices.pop_back();
    definition_.vertices.push_back({std::move(op), {graph::kScratch, from}, platform_, {}});
  }
  solver::Key definition_key(std::vector<std::string> ignored = {}) {
    services_.contexts["context"] = context(std::move(ignored));
    std::vector<base::Digest> inputs = {{}, base::sha256("the context's vertex")};
    return ops::definition_key(kStep, inputs, services_, {});
  }
  solver::Key content_key(const LayerTar& stage) {
    auto result = std::make_shared<StackResult>();
    result->stack = {layer(stage)};
    result->created = {1};
    std::vector<base::Digest> inputs = {{}, base::sha256("stage " + std::to_string(++stages_))};
    std::vector<solver::ResultPtr> results = {nullptr, result};
    return ops::content_key(kStep, inputs, results, services_, {});
  }

  oci::Platform platform_ = oci::parse_platform("linux/amd64");
  graph::Definition definition_;
  Services services_;
  int stages_ = 0;
};

TEST_F(OpsKeys, TheSameContentGivesTheSameKey) {
  step(copy("/src"));
  write("src/a", "x");
  base::Digest first = definition_key().digest;
  EXPECT_EQ(definition_key().digest, first);
  std::filesystem::remove_all(context_path("src"));
  write("src/a", "x");
  EXPECT_EQ(definition_key().digest, first) << "a fresh checkout";
}

TEST_F(OpsKeys, TouchingAFileChangesNothing) {
  step(copy("/src"));
  write("src/a", "x");
  base::Digest first = definition_key().digest;
  timespec times[2] = {{1, 0}, {1, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, context_path("src/a").c_str(), times, 0), 0);
  EXPECT_EQ(definition_key().digest, first);
}

TEST_F(OpsKeys, ContentModeNameAndTargetCount) {
  step(copy("/src"));
  write("src/a", "x");
  link("src/l", "a");
  base::Digest first = definition_key().digest;
  write("src/a", "y");
  base::Digest content = definition_key().digest;
  EXPECT_NE(content, first);
  write("src/a", "x", 0755);
  EXPECT_NE(definition_key().digest, first);
  write("src/a", "x", 0644);
  EXPECT_EQ(definition_key().digest, first);
  std::filesystem::rename(context_path("src/a"), context_path("src/b"));
  EXPECT_NE(definition_key().digest, first);
  std::filesystem::rename(context_path("src/b"), context_path("src/a"));
  std::filesystem::remove(context_path("src/l"));
  link("src/l", "b");
  EXPECT_NE(definition_key().digest, first);
}

TEST_F(OpsKeys, FilesThatAreNotCopiedDoNotCount) {
  step(copy("/src"));
  write("src/a", "x");
  base::Digest first = definition_key().digest;
  write("elsewhere", "new");
  EXPECT_EQ(definition_key().digest, first);
  write("src/ignored", "new");
  EXPECT_NE(definition_key().digest, first);
  EXPECT_EQ(definition_key({"src/ignored"}).digest, first);
  graph::CopyAction excluding = copy("/src");
  excluding.excludes = {"ignored"};
  step(excluding);
  base::Digest excluded = definition_key().digest;
  write("src/ignored", "newer");
  EXPECT_EQ(definition_key().digest, excluded);
}

TEST_F(OpsKeys, TheNameOfASingleFileCounts) {
  write("one", "same");
  write("two", "same");
  step(copy("/on*"));
  base::Digest one = definition_key().digest;
  std::filesystem::rename(context_path("one"), context_path("oneone"));
  EXPECT_NE(definition_key().digest, one) << "it is copied under its own name";
}

TEST_F(OpsKeys, TheCommandCounts) {
  write("a", "x");
  step(copy("/a"));
  base::Digest first = definition_key().digest;
  graph::CopyAction elsewhere = copy("/a");
  elsewhere.destination = "/else/";
  step(elsewhere);
  EXPECT_NE(definition_key().digest, first);
  graph::CopyAction owned = copy("/a");
  owned.owner = graph::Owner{"1", ""};
  step(owned);
  EXPECT_NE(definition_key().digest, first);
  step(copy("/a"));
  definition_.vertices[kStep].platform = oci::parse_platform("linux/arm64");
  EXPECT_NE(definition_key().digest, first);
}

TEST_F(OpsKeys, IngredientsNameTheFiles) {
  step(copy("/src"));
  write("src/a", "x");
  write("src/d/b", "y");
  solver::Key key = definition_key();
  std::vector<std::string> labels;
  for (const auto& [label, digest] : key.ingredients) labels.push_back(label);
  EXPECT_THAT(labels, ElementsAre("command", "base", "src/a", "src/d/b"));
}

TEST_F(OpsKeys, IngredientsNameWhatARunIsMadeOf) {
  graph::Exec exec;
  exec.argv = {"/bin/sh", "-c", "make"};
  exec.env = {"PATH=/bin", "VERSION=1"};
  auto changed = [&](const std::function<void(graph::Exec&)>& change) {
    auto ingredients = [&](const graph::Exec& op) {
      graph::Definition definition;
      graph::Vertex vertex;
      vertex.op = op;
      vertex.inputs = {graph::kScratch};
      vertex.info.arguments = {"VERSION"};
      definition.add(std::move(vertex));
      services_.definition = &definition;
      const std::vector<base::Digest> inputs(1);
      std::map<std::string, base::Digest> found;
      for (const auto& [label, digest] : ops::definition_key(0, inputs, services_, {}).ingredients)
        found[label] = digest;
      return found;
    };
    graph::Exec other = exec;
    change(other);
    std::vector<std::string> labels;
    auto before = ingredients(exec);
    for (const auto& [label, digest] : ingredients(other)) {
      if (before[label] != digest) labels.push_back(label);
    }
    return labels;
  };
  EXPECT_THAT(changed([](graph::Exec& op) { op.argv.back() = "make all"; }), ElementsAre("command"));
  EXPECT_THAT(changed([](graph::Exec& op) { op.env[1] = "VERSION=2"; }), ElementsAre("ARG VERSION"));
  EXPECT_THAT(changed([](graph::Exec& op) { op.env[0] = "PATH=/usr/bin"; }), ElementsAre("ENV PATH"));
  EXPECT_THAT(changed([](graph::Exec& op) { op.user = "app"; }), ElementsAre("options"));
  EXPECT_THAT(changed([](graph::Exec& op) { op.scripts = {{"/s", "x"}}; }), ElementsAre("command"));
}

TEST_F(OpsKeys, HardlinksCountByWhoTheyLinkNotByInode) {
  step(copy("/src"));
  write("src/a", "x");
  write("src/b", "x");
  base::Digest separate = definition_key().digest;
  std::filesystem::remove(context_path("src/b"));
  std::filesystem::create_hard_link(context_path("src/a"), context_path("src/b"));
  base::Digest linked = definition_key().digest;
  EXPECT_NE(linked, separate);
  // Another inode, linked the same way.
  std::filesystem::remove_all(context_path("src"));
  write("placeholder", "takes an inode number");
  write("src/a", "x");
  std::filesystem::create_hard_link(context_path("src/a"), context_path("src/b"));
  EXPECT_EQ(definition_key().digest, linked);
  // A link to a file that is not copied is no link in the image.
  std::filesystem::remove(context_path("src/b"));
  write("src/b", "x");
  std::filesystem::create_hard_link(context_path("src/b"), context_path("outside"));
  EXPECT_EQ(definition_key().digest, separate);
}

TEST_F(OpsKeys, AnotherStageCountsByItsKeyFirst) {
  step(copy("/bin/tool"), 1);
  EXPECT_TRUE(selects_content(definition_.vertices[kStep], definition_));
  std::vector<base::Digest> one = {{}, base::sha256("stage one")};
  std::vector<base::Digest> two = {{}, base::sha256("stage two")};
  EXPECT_NE(ops::definition_key(kStep, one, services_, {}).digest,
            ops::definition_key(kStep, two, services_, {}).digest);
  step(copy("/bin/tool"), 0);
  EXPECT_FALSE(selects_content(definition_.vertices[kStep], definition_))
      << "contexts always count by content";
}

TEST_F(OpsKeys, AnotherStageCountsByWhatIsTakenFromIt) {
  step(copy("/bin"), 1);
  LayerTar same = LayerTar().directory("bin").file("bin/tool", "v1", 0755).file("log", "built at 10:00");
  base::Digest first = content_key(same).digest;
  EXPECT_EQ(
      content_key(LayerTar().directory("bin").file("bin/tool", "v1", 0755).file("log", "built at 11:00"))
          .digest,
      first);
  EXPECT_NE(content_key(LayerTar().directory("bin").file("bin/tool", "v2", 0755)).digest, first);
  EXPECT_NE(content_key(LayerTar().directory("bin").file("bin/tool", "v1", 0700)).digest, first);
}

// COPY --from keeps them; those that the build gave are the same in the end.
TEST_F(OpsKeys, TimesThatAStageSetCount) {
  step(copy("/a"), 1);
  auto key = [&](std::int64_t time, bool fresh) {
    snapshot::Staging staging = layers_.begin();
    std::ofstream(staging.tree() + "/a") << "x";
    snapshot::Entry entry;
    entry.path = "a";
    entry.mode = 0644;
    entry.size = 1;
    entry.mtime = time;
    entry.fresh = fresh;
    auto result = std::make_shared<StackResult>();
    result->stack = {layers_.commit(std::move(staging), snapshot::LayerIndex({entry}))};
    const std::vector<base::Digest> inputs = {{}, base::sha256("stage")};
    const std::vector<solver::ResultPtr> results = {nullptr, result};
    return ops::content_key(kStep, inputs, results, services_, {}).digest;
  };
  EXPECT_NE(key(1'000'000'000, false), key(1'000'000'001, false));
  EXPECT_EQ(key(1'000'000'000, true), key(1'000'000'001, true));
}

TEST_F(OpsKeys, HardlinksOfAStageCountTheSameInEveryLayer) {
  step(copy("/bin"), 1);
  base::Digest first =
      content_key(LayerTar().directory("bin").file("bin/a", "x").hardlink("bin/b", "bin/a").file("log", "1"))
          .digest;
  EXPECT_EQ(
      content_key(LayerTar().directory("bin").file("bin/a", "x").hardlink("bin/b", "bin/a").file("log", "2"))
          .digest,
      first);
  EXPECT_NE(content_key(LayerTar().directory("bin").file("bin/a", "x").file("bin/b", "x")).digest, first);
}

// COPY --link: what lies on a merge has its key below it.
TEST_F(OpsKeys, AMergeCountsByTheKeysOfAllItsInputs) {
  step_op(graph::Merge{}, 1);
  EXPECT_FALSE(selects_content(definition_.vertices[kStep], definition_));
  const std::vector<base::Digest> one = {base::sha256("base"), base::sha256("layer")};
  const std::vector<base::Digest> other = {base::sha256("base"), base::sha256("another layer")};
  EXPECT_NE(ops::definition_key(kStep, one, services_, {}).digest,
            ops::definition_key(kStep, other, services_, {}).digest);
}

TEST_F(OpsKeys, OwnersOfAStageCount) {
  step(copy("/a"), 1);
  archive::TarEntry entry;
  entry.path = "a";
  entry.mode = 0644;
  base::Digest first = content_key(LayerTar().add(entry, "x")).digest;
  entry.uid = 5;
  EXPECT_NE(content_key(LayerTar().add(entry, "x")).digest, first);
}

TEST_F(OpsKeys, BindMountsCountByContent) {
  graph::Exec run;
  run.argv = {"sh"};
  graph::BindMount bind;
  bind.input = 1;
  bind.source = "/src";
  run.mounts.push_back({"/mnt", bind});
  step_op(run, 0);
  write("src/a", "x");
  base::Digest first = definition_key().digest;
  write("other", "x");
  EXPECT_EQ(definition_key().digest, first);
  write("src/a", "y");
  EXPECT_NE(definition_key().digest, first);
  step_op(run, 1);
  base::Digest by_stage = content_key(LayerTar().file("src/a", "x").file("log", "1")).digest;
  EXPECT_EQ(content_key(LayerTar().file("src/a", "x").file("log", "2")).digest, by_stage);
  EXPECT_NE(content_key(LayerTar().file("src/a", "y")).digest, by_stage);
}

TEST_F(OpsKeys, AMissingSourceIsSaidAlreadyHere) {
  step(copy("/gone"));
  EXPECT_EQ(support::error_of([&] { definition_key(); }).message(), "'/gone': not found");
}

}  // namespace
}  // namespace cooper::ops
