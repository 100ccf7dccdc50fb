#include "ops/runner.h"

#include <gmock/gmock.h>

#include "ops/cache_index.h"
#include "tests/unit/ops/services_fixture.h"

namespace cooper::ops {
namespace {

using support::error_of;
using support::LayerTar;
using ::testing::ElementsAre;
using Kind = base::Event::Kind;

class OpsRunner : public ServicesFixture {
 protected:
  int add(graph::Op op, std::vector<int> inputs, const std::string& instruction = "") {
    graph::Vertex vertex;
    vertex.op = std::move(op);
    vertex.inputs = std::move(inputs);
    vertex.platform = oci::parse_platform("linux/amd64");
    vertex.info.instruction = instruction;
    return definition_.add(std::move(vertex));
  }
  int add_copy(int source) {
    graph::CopyAction copy;
    copy.input = 1;
    copy.sources = {"/a"};
    copy.destination = "/a";
    return add(graph::File{{copy}}, {graph::kScratch, source}, "COPY a /a");
  }
  static solver::Key key(const std::string& text) {
    return {base::sha256(text), {{"command", base::sha256(text)}}};
  }

  Runner runner_{services_};
  CacheIndex index_{services_};
};

TEST_F(OpsRunner, SourcesYieldWhatWasOpened) {
  int local = add(graph::LocalSource{}, {});
  graph::ImageSource image;
  image.manifest_digest = base::sha256("manifest");
  int source = add(image, {});
  services_.contexts["context"] = context();
  services_.images[image.manifest_digest] = {layer(LayerTar().file("a")), layer(LayerTar().file("b"))};
  auto tree = runner_.run(local, {}, {}, {}, {});
  EXPECT_EQ(dynamic_cast<const TreeResult&>(*tree).tree, services_.contexts["context"]);
  auto stack = runner_.run(source, {}, {}, {}, {});
  EXPECT_EQ(stack_of(stack).size(), 2U);
  EXPECT_THAT(stack_result(stack).created, ElementsAre(0, 0));
  EXPECT_FALSE(runner_.cacheable(local));
  EXPECT_FALSE(runner_.cacheable(source));
  EXPECT_EQ(runner_.resource_class(source), solver::ResourceClass::kNetwork);
}

TEST_F(OpsRunner, AStepIsRecordedAndFoundAgain) {
  write("a", "x");
  int local = add(graph::LocalSource{}, {});
  int copy = add_copy(local);
  EXPECT_TRUE(runner_.cacheable(copy));
  EXPECT_EQ(runner_.resource_class(copy), solver::ResourceClass::kCpu);
  EXPECT_EQ(index_.find(copy, key("k"), {}), std::nullopt);
  std::vector<solver::ResultPtr> inputs = {nullptr, context_result()};
  solver::ResultPtr made = runner_.run(copy, inputs, key("k"), key("content"), {});
  ASSERT_EQ(stack_of(made).size(), 1U);
  EXPECT_GT(stack_result(made).created[0], 0);

  std::optional<solver::CacheHit> hit = index_.find(copy, key("k"), {});
  ASSERT_TRUE(hit);
  EXPECT_EQ(hit->origin, "local store");
  EXPECT_EQ(hit->content_key, base::sha256("content"));
  EXPECT_TRUE(index_.find(copy, key("content"), {})) << "also by its content key";
  solver::ResultPtr loaded = runner_.load(copy, *hit, stack(LayerTar().file("base")), {});
  ASSERT_EQ(stack_of(loaded).size(), 2U);
  EXPECT_EQ(stack_of(loaded)[1]->id(), stack_of(made)[0]->id());
  EXPECT_EQ(stack_result(loaded).created[1], stack_result(made).created[0]);
}

TEST_F(OpsRunner, ARecordWithoutItsLayerIsAMiss) {
  write("a", "x");
  int copy = add_copy(add(graph::LocalSource{}, {}));
  std::vector<solver::ResultPtr> inputs = {nullptr, context_result()};
  std::string id = stack_of(runner_.run(copy, inputs, key("k"), {}, {}))[0]->id();
  ASSERT_TRUE(index_.find(copy, key("k"), {}));
  os::remove_tree(store_->layer_path(id));
  EXPECT_EQ(index_.find(copy, key("k"), {}), std::nullopt);
}

TEST_F(OpsRunner, AStepThatChangedNothingStillIsALayer) {
  graph::Exec exec;
  exec.argv = {"true"};
  int run = add(exec, {graph::kScratch}, "RUN true");
  std::vector<solver::ResultPtr> inputs = {stack(LayerTar().directory("d"))};
  solver::ResultPtr made = runner_.run(run, inputs, key("k"), {}, {});
  ASSERT_EQ(stack_of(made).size(), 2U);
  EXPECT_TRUE(stack_of(made)[1]->index().entries().empty());
  EXPECT_TRUE(index_.find(run, key("k"), {}));
  EXPECT_EQ(runner_.resource_class(run), solver::ResourceClass::kExec);
}

TEST_F(OpsRunner, MergePutsOneStackOnTheOther) {
  int merge = add(graph::Merge{}, {graph::kScratch, graph::kScratch});
  std::vector<solver::ResultPtr> inputs = {stack(LayerTar().file("a")), stack(LayerTar().file("b"))};
  solver::ResultPtr made = runner_.run(merge, inputs, {}, {}, {});
  ASSERT_EQ(stack_of(made).size(), 2U);
  EXPECT_EQ(stack_of(made)[0], stack_of(inputs[0])[0]);
  EXPECT_EQ(stack_of(made)[1], stack_of(inputs[1])[0]);
  EXPECT_EQ(stack_result(made).created.size(), 2U);
  EXPECT_FALSE(runner_.cacheable(merge));
}

TEST_F(OpsRunner, SaysWhyAStepRan) {
  write("a", "x");
  int copy = add_copy(add(graph::LocalSource{}, {}));
  std::vector<solver::ResultPtr> inputs = {nullptr, context_result()};
  runner_.run(copy, inputs, key("one"), {}, {});
  runner_.run(copy, inputs, key("two"), {}, {});
  EXPECT_THAT(events_.texts(Kind::kExplain), ElementsAre("never built here before", "command changed"));
  services_.explain = false;
  runner_.run(copy, inputs, key("three"), {}, {});
  EXPECT_EQ(events_.texts(Kind::kExplain).size(), 2U);
}

TEST_F(OpsRunner, AFailedStepIsNotRecorded) {
  graph::Exec exec;
  exec.argv = {"false"};
  int run = add(exec, {graph::kScratch}, "RUN false");
  launcher_.step = [](const auto&, const auto&) { return sandbox::ExitStatus{.code = 1}; };
  std::vector<solver::ResultPtr> inputs = {nullptr};
  EXPECT_EQ(error_of([&] { runner_.run(run, inputs, key("k"), {}, {}); }).kind(),
            base::ErrorKind::kRunFailed);
  EXPECT_EQ(index_.find(run, key("k"), {}), std::nullopt);
}

TEST_F(OpsRunner, RemembersHowLongAStepTook) {
  graph::Exec exec;
  exec.argv = {"make"};
  int run = add(exec, {graph::kScratch}, "RUN make");
  cache::Record record;
  record.key = base::sha256("k");
  record.step_id = step_id(definition_.vertices[static_cast<std::size_t>(run)]);
  record.layer_id = "0123";
  record.duration_ms = 98'765;
  EXPECT_LT(runner_.expected_duration(run).count(), 10'000);
  records_.put(record, {});
  EXPECT_EQ(runner_.expected_duration(run).count(), 98'765);
}

TEST_F(OpsRunner, AStepIsTheSameByItsPlace) {
  graph::Vertex vertex;
  vertex.info.name = "[build 2/5] RUN make";
  vertex.op = graph::Exec();
  std::string id = step_id(vertex);
  vertex.info.name = "[build 2/9] RUN make -j2";
  EXPECT_EQ(step_id(vertex), id) << "edited, with more steps below";
  vertex.info.name = "[build 3/9] RUN make";
  EXPECT_NE(step_id(vertex), id);
  vertex.info.name = "[build 2/5] RUN make";
  vertex.platform = oci::parse_platform("linux/arm64");
  EXPECT_NE(step_id(vertex), id);
}

TEST_F(OpsRunner, OnlySelectionsHaveAContentKeyOfTheirOwn) {
  write("a", "x");
  services_.contexts["context"] = context();
  int copy = add_copy(add(graph::LocalSource{}, {}));
  std::vector<base::Digest> inputs = {{}, base::sha256("context")};
  std::vector<solver::ResultPtr> results = {nullptr, context_result()};
  solver::Key definition = runner_.definition_key(copy, inputs, {});
  EXPECT_EQ(runner_.content_key(copy, inputs, results, {})->digest, definition.digest);
}

}  // namespace
}  // namespace cooper::ops
