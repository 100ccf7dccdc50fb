#include "build/image_times.h"

#include <gtest/gtest.h>

#include "oci/media_type.h"
#include "support/fake_client.h"
#include "support/layer_fixture.h"

namespace cooper::build {
namespace {

constexpr std::int64_t kCommit = 1'700'000'000;

class BuildImageTimes : public support::LayerFixture {
 protected:
  BuildImageTimes() {
    tools_.store = store_;
    tools_.registry = client_;
  }
  // A base image made at that time; its vertex.
  int add_base(const std::string& name, std::int64_t created) {
    oci::ImageConfig config;
    config.platform = oci::parse_platform("linux/amd64");
    config.created = oci::rfc3339(created);
    const std::string json = config.serialize();
    oci::Manifest manifest;
    manifest.media_type = oci::kMediaTypeManifest;
    manifest.config.media_type = oci::kMediaTypeConfig;
    manifest.config.digest = base::sha256(json);
    manifest.config.size = json.size();
    manifest.serialize();
    client_->blobs[manifest.config.digest] = json;
    client_->add_manifest(name, manifest.media_type, manifest.raw);
    bases_.resolve(name, config.platform);
    graph::ImageSource source;
    source.manifest_digest = manifest.descriptor().digest;
    return add_vertex(source, {});
  }
  int add_vertex(graph::Op op, std::vector<int> inputs) {
    graph::Vertex vertex;
    vertex.op = std::move(op);
    vertex.inputs = std::move(inputs);
    definition_.vertices.push_back(std::move(vertex));
    return static_cast<int>(definition_.vertices.size()) - 1;
  }
  std::int64_t time_on(int base) {
    dockerfile::Lowered lowered;
    lowered.root = add_vertex(graph::File(), {base});
    return steady_file_time(kCommit, {lowered}, definition_, bases_);
  }

  std::shared_ptr<support::FakeClient> client_ = std::make_shared<support::FakeClient>();
  Toolbox tools_;
  graph::Definition definition_;
  BaseImages bases_{tools_, layers_, pool_, {}};
};

TEST_F(BuildImageTimes, AreThoseOfTheBase) {
  int old = add_base("r.example/old:1", kCommit - 5000);
  int recent = add_base("r.example/recent:1", kCommit - 100);
  EXPECT_EQ(time_on(old), kCommit - 5000);
  EXPECT_EQ(time_on(recent), kCommit - 100);
}

TEST_F(BuildImageTimes, AreNeverNewerThanTheCommit) {
  EXPECT_EQ(time_on(add_base("r.example/new:1", kCommit + 5)), kCommit);
}

TEST_F(BuildImageTimes, AreNotBeforeWhatArchivesCanHold) {
  EXPECT_EQ(time_on(add_base("r.example/zero:1", 0)), 315'532'800);
}

TEST_F(BuildImageTimes, OfScratchAreThoseOfTheNewestBaseElseTheCommits) {
  EXPECT_EQ(time_on(graph::kScratch), kCommit);
  add_base("r.example/a:1", kCommit - 5000);
  add_base("r.example/b:1", kCommit - 100);
  EXPECT_EQ(time_on(graph::kScratch), kCommit - 100);
}

}  // namespace
}  // namespace cooper::build
