#include "graph/definition.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace cooper::graph {
namespace {

Vertex step(const std::string& command, std::vector<int> inputs) {
  Exec exec;
  exec.argv = {"/bin/sh", "-c", command};
  Vertex vertex;
  vertex.op = exec;
  vertex.inputs = std::move(inputs);
  vertex.platform = {"linux", "amd64", "", "", {}};
  vertex.info.name = command;
  return vertex;
}

Vertex git(const std::string& url) {
  Vertex vertex;
  GitSource source;
  source.url = url;
  vertex.op = source;
  return vertex;
}

TEST(GraphDefinition, AppendsInOrder) {
  Definition definition;
  EXPECT_EQ(definition.add(step("a", {kScratch})), 0);
  EXPECT_EQ(definition.add(step("b", {0})), 1);
  ASSERT_EQ(definition.vertices.size(), 2U);
  EXPECT_EQ(definition.vertices[1].info.name, "b");
  EXPECT_EQ(definition.vertices[1].inputs, std::vector<int>{0});
}

TEST(GraphDefinition, KnowsWhoseLayersAreMounted) {
  Definition definition;
  auto file = [&](const std::string& url, std::vector<int> inputs) {
    Vertex vertex;
    MkdirAction make;
    make.path = "/" + url;
    vertex.op = File{{make}};
    vertex.inputs = std::move(inputs);
    return definition.add(std::move(vertex));
  };
  const int base = definition.add(git("https://a"));
  const int below = file("below", {base});
  const int copied_from = definition.add(git("https://b"));
  const int under_step = file("under", {below, copied_from});
  const int bound = file("bound", {kScratch});
  const int run = definition.add(step("run", {under_step, bound}));
  const int last = file("last", {run, copied_from});
  Vertex merge;
  merge.op = Merge{};
  const int linked = file("linked", {kScratch});
  merge.inputs = {last, linked};
  const int merged = definition.add(merge);
  std::vector<bool> mounted = mounted_vertices(definition);
  for (int vertex : {base, below, under_step, bound}) EXPECT_TRUE(mounted[vertex]) << vertex;
  for (int vertex : {copied_from, run, last, linked, merged}) EXPECT_FALSE(mounted[vertex]) << vertex;
  definition.add(step("run on all", {merged}));
  mounted = mounted_vertices(definition);
  for (int vertex : {run, last, linked, merged}) EXPECT_TRUE(mounted[vertex]) << vertex;
  EXPECT_FALSE(mounted[copied_from]);
}

TEST(GraphDefinition, MergesEqualVertices) {
  Definition definition;
  const int first = definition.add(step("a", {kScratch}));
  const int on_first = definition.add(step("b", {first}));
  Vertex again = step("a", {kScratch});
  again.info.name = "the same in another stage";
  again.info.stage = "other";
  EXPECT_EQ(definition.add(again), first);
  EXPECT_EQ(definition.add(step("b", {first})), on_first);
  EXPECT_EQ(definition.vertices.size(), 2U);
  EXPECT_EQ(definition.vertices[0].info.name, "a");
}

TEST(GraphDefinition, KeepsApartWhatDiffersInOpInputsOrPlatform) {
  Definition definition;
  const int a = definition.add(step("a", {kScratch}));
  const int b = definition.add(step("b", {kScratch}));
  EXPECT_NE(a, b);
  EXPECT_NE(definition.add(step("c", {a})), definition.add(step("c", {b})));
  EXPECT_NE(definition.add(step("d", {a, b})), definition.add(step("d", {b, a})));
  EXPECT_NE(definition.add(step("e", {a})), definition.add(step("e", {a, kScratch})));
  Vertex arm = step("a", {kScratch});
  arm.platform.architecture = "arm64";
  EXPECT_NE(definition.add(arm), a);
  arm.platform.variant = "v9";
  const std::size_t count = definition.vertices.size();
  EXPECT_EQ(definition.add(arm), static_cast<int>(count));
}

TEST(GraphDefinition, AMergedVertexIgnoresTheCacheIfOneOfThemDoes) {
  Definition definition;
  Vertex fresh = step("a", {kScratch});
  fresh.info.ignore_cache = true;
  definition.add(step("a", {kScratch}));
  EXPECT_FALSE(definition.vertices[0].info.ignore_cache);
  definition.add(fresh);
  definition.add(step("a", {kScratch}));
  EXPECT_TRUE(definition.vertices[0].info.ignore_cache);
}

TEST(GraphDefinition, DoesNotFetchWithAnothersCredentials) {
  Definition definition;
  const int mine = definition.add(git("https://mine@example.org/repo"));
  EXPECT_NE(definition.add(git("https://theirs@example.org/repo")), mine);
  EXPECT_EQ(definition.add(git("https://mine@example.org/repo")), mine);
}

TEST(GraphDefinition, RefusesInputsThatDoNotExistYet) {
  Definition definition;
  EXPECT_THROW(definition.add(step("a", {0})), base::Error);
  EXPECT_THROW(definition.add(step("a", {-2})), base::Error);
  EXPECT_TRUE(definition.vertices.empty());
}

TEST(GraphDefinition, ACopyGoesItsOwnWay) {
  Definition definition;
  definition.add(step("a", {kScratch}));
  Definition copy = definition;
  EXPECT_EQ(copy.add(step("b", {0})), 1);
  EXPECT_EQ(copy.add(step("a", {kScratch})), 0);
  EXPECT_EQ(definition.add(step("c", {0})), 1);
}

TEST(GraphDefinition, HoldsManyVertices) {
  Definition definition;
  int top = definition.add(step("base", {kScratch}));
  for (int i = 0; i < 5000; ++i) top = definition.add(step(std::to_string(i), {top}));
  EXPECT_EQ(top, 5000);
  int again = 0;
  for (int i = 0; i < 5000; ++i) again = definition.add(step(std::to_string(i), {again}));
  EXPECT_EQ(again, top);
}

TEST(GraphVertexDigest, DependsOnTheOrderOfInputs) {
  const Vertex vertex = step("a", {});
  const base::Digest one = base::sha256("1");
  const base::Digest two = base::sha256("2");
  EXPECT_NE(vertex_digest(vertex, {one, two}), vertex_digest(vertex, {two, one}));
  EXPECT_NE(vertex_digest(vertex, {one}), vertex_digest(vertex, {one, base::Digest()}));
  EXPECT_EQ(vertex_digest(vertex, {one, two}), vertex_digest(vertex, {one, two}));
}

}  // namespace
}  // namespace cooper::graph
