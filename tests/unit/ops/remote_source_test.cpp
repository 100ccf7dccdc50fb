#include "ops/remote_source.h"

#include <gmock/gmock.h>

#include "ops/keys.h"
#include "tests/unit/ops/services_fixture.h"

namespace cooper::ops {
namespace {

using support::error_of;

class FakeSource final : public RemoteSource {
 public:
  explicit FakeSource(std::shared_ptr<const snapshot::TreeView> tree) : tree_(std::move(tree)) {}
  PinnedSource pin(const graph::Op&, const std::stop_token&) override {
    return {base::sha256(content), time};
  }
  std::shared_ptr<const snapshot::TreeView> open(const graph::Op&, const std::stop_token&) override {
    ++opened;
    return tree_;
  }
  std::string content = "one";
  std::int64_t time = 1;
  int opened = 0;

 private:
  std::shared_ptr<const snapshot::TreeView> tree_;
};

class OpsRemoteSource : public ServicesFixture {
 protected:
  int add(graph::Op op) {
    graph::Vertex vertex;
    vertex.op = std::move(op);
    return definition_.add(std::move(vertex));
  }
  base::Digest key(int vertex) { return definition_key(vertex, {}, services_, {}).digest; }

  FakeSource http_{context()};
  FakeSource git_{context()};
};

TEST_F(OpsRemoteSource, EachKindIsServedByItsOwn) {
  services_.http_sources = &http_;
  services_.git_sources = &git_;
  EXPECT_EQ(find_remote_source(graph::HttpSource{}, services_), &http_);
  EXPECT_EQ(find_remote_source(graph::GitSource{}, services_), &git_);
  EXPECT_EQ(find_remote_source(graph::LocalSource{}, services_), nullptr);
}

TEST_F(OpsRemoteSource, ABuildWithoutOneSaysSo) {
  base::Error error = error_of([&] { find_remote_source(graph::GitSource{}, services_); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kUnsupported);
  EXPECT_EQ(error.message(), "ADD of a git repository");
}

TEST_F(OpsRemoteSource, TheKeyFollowsWhatIsThereAndNotWhereItIs) {
  services_.http_sources = &http_;
  graph::HttpSource here;
  here.url = "http://here/file";
  graph::HttpSource there;
  there.url = "http://there/file";
  int first = add(here);
  base::Digest before = key(first);
  EXPECT_EQ(key(add(there)), before);
  http_.content = "two";
  EXPECT_NE(key(first), before);
  EXPECT_EQ(http_.opened, 0) << "a key fetches no tree";
}

TEST_F(OpsRemoteSource, ItsTimeCountsUnlessAnEpochOverridesIt) {
  services_.http_sources = &http_;
  int vertex = add(graph::HttpSource{});
  base::Digest before = key(vertex);
  http_.time = 2;
  EXPECT_NE(key(vertex), before);
  services_.epoch = 5;
  base::Digest with_epoch = key(vertex);
  EXPECT_NE(with_epoch, before);
  http_.time = 3;
  EXPECT_EQ(key(vertex), with_epoch);
}

TEST_F(OpsRemoteSource, RunningOneYieldsItsTree) {
  services_.git_sources = &git_;
  int vertex = add(graph::GitSource{});
  Runner runner(services_);
  solver::ResultPtr result = runner.run(vertex, {}, {}, {}, {});
  EXPECT_EQ(dynamic_cast<const TreeResult&>(*result).tree, git_.open({}, {}));
  EXPECT_FALSE(runner.cacheable(vertex));
}

}  // namespace
}  // namespace cooper::ops
