#include "registry/referrers.h"

#include <gtest/gtest.h>
#include <thread>

#include "base/error.h"
#include "fixtures.h"
#include "support/docker_registry.h"
#include "support/error_of.h"
#include "support/fake_registry.h"

namespace cooper::registry {

namespace {

using support::error_of;
using testing::FakeRegistry;
using testing::FakeReply;
using testing::FakeRequest;

const base::Digest kSubject = base::sha256("the image");

oci::Manifest artifact(const std::string& artifact_type, const std::string& note = "") {
  oci::Manifest manifest;
  manifest.media_type = oci::kMediaTypeManifest;
  manifest.artifact_type = artifact_type;
  manifest.config.media_type = oci::kMediaTypeEmpty;
  manifest.config.digest = base::sha256("{}");
  manifest.config.size = 2;
  manifest.subject.emplace();
  manifest.subject->media_type = oci::kMediaTypeManifest;
  manifest.subject->digest = kSubject;
  manifest.subject->size = 9;
  if (!note.empty()) manifest.annotations["note"] = note;
  manifest.serialize();
  return manifest;
}

oci::Descriptor listed(const oci::Manifest& manifest) {
  return referrer_of(manifest.media_type, manifest.raw)->descriptor;
}

std::string index_of(std::vector<oci::Descriptor> manifests) {
  oci::Index index;
  index.media_type = oci::kMediaTypeIndex;
  index.manifests = std::move(manifests);
  index.serialize();
  return index.raw;
}

class RegistryReferrers : public ::testing::Test {
 protected:
  oci::Reference at(const std::string& rest) { return reference(fake_.host(), rest); }
  std::vector<oci::Descriptor> list(const std::string& type = "") {
    return client_->list_referrers(at("app"), kSubject, type, {});
  }
  void push(const oci::Manifest& manifest) {
    client_->push_manifest(at("app@" + base::sha256(manifest.raw).str()), manifest.media_type, manifest.raw,
                           {});
  }
  // Answers of the API, by the parameter "page", "" for the first.
  void answer(std::map<std::string, FakeReply> pages) {
    fake_.server().before([pages = std::move(pages)](const FakeRequest& request) -> std::optional<FakeReply> {
      if (request.path != "/v2/app/referrers/" + kSubject.str()) return std::nullopt;
      auto page = request.query.find("page");
      return pages.at(page == request.query.end() ? "" : page->second);
    });
  }

  FakeRegistry fake_;
  std::shared_ptr<Client> client_ = registry::client();
};

FakeReply page(const std::string& body) {
  FakeReply reply;
  reply.body = body;
  return reply.with("Content-Type", std::string(oci::kMediaTypeIndex));
}

}  // namespace

TEST(RegistryReferrerOf, IsTheDescriptorThatIsListed) {
  const oci::Manifest manifest = artifact("a/b", "text");
  std::optional<Referrer> referrer = referrer_of(manifest.media_type, manifest.raw);
  ASSERT_TRUE(referrer);
  EXPECT_EQ(referrer->subject, kSubject);
  EXPECT_EQ(referrer->descriptor.digest, base::sha256(manifest.raw));
  EXPECT_EQ(referrer->descriptor.artifact_type, "a/b");
  EXPECT_EQ(referrer->descriptor.annotations.at("note"), "text");
  EXPECT_EQ(listed(artifact("")).artifact_type, oci::kMediaTypeEmpty) << "its config's type stands in";
  EXPECT_FALSE(referrer_of("a/b", R"({"subject":1})"));
  TestImage image = make_image({"linux", "amd64", "", "", {}}, {"x"});
  EXPECT_FALSE(referrer_of(image.manifest.media_type, image.manifest.raw));
}

TEST_F(RegistryReferrers, ListsAllPages) {
  const std::vector<oci::Descriptor> both = {listed(artifact("a/b")), listed(artifact("c/d"))};
  answer({{"", page(index_of({both[0]}))
                   .with("Link", "</v2/app/referrers/" + kSubject.str() + "?page=2>; rel=\"next\"")},
          {"2", page(index_of({both[1], both[0]}))}});
  EXPECT_EQ(list(), both);
}

TEST_F(RegistryReferrers, FiltersWhereTheRegistryDidNot) {
  answer({{"", page(index_of({listed(artifact("a/b")), listed(artifact("c/d"))}))}});
  EXPECT_EQ(list("c/d"), std::vector<oci::Descriptor>{listed(artifact("c/d"))});
  EXPECT_EQ(fake_.server().requests().back().query["artifactType"], "c/d");
}

TEST_F(RegistryReferrers, BelievesARegistryThatFiltered) {
  oci::Descriptor untyped = listed(artifact("c/d"));
  untyped.artifact_type.clear();
  answer({{"", page(index_of({untyped})).with("OCI-Filters-Applied", "artifactType")}});
  EXPECT_EQ(list("c/d"), std::vector<oci::Descriptor>{untyped});
}

TEST_F(RegistryReferrers, SaysWhoseAnswerIsNoIndex) {
  answer({{"", page("<html>")}});
  base::Error error = error_of([&] { list(); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kCorrupt);
  EXPECT_NE(error.summary().find(fake_.host()), std::string::npos) << error.summary();
}

TEST_F(RegistryReferrers, KeepsTheTagWhereThereIsNoApi) {
  EXPECT_TRUE(list().empty());
  const oci::Manifest first = artifact("a/b", "first");
  const oci::Manifest second = artifact("c/d", "second");
  push(first);
  push(second);
  push(first);  // is not listed twice
  EXPECT_EQ(list(), (std::vector<oci::Descriptor>{listed(first), listed(second)}));
  EXPECT_EQ(list("c/d"), std::vector<oci::Descriptor>{listed(second)});
  EXPECT_EQ(fake_.manifest("app", "sha256-" + kSubject.hex()), index_of({listed(first), listed(second)}));
}

TEST_F(RegistryReferrers, LeavesTheTagAloneWhereTheRegistryKeepsTrack) {
  fake_.server().after([](const FakeRequest& request, FakeReply& reply) {
    if (request.method == "PUT") reply.with("OCI-Subject", kSubject.str());
  });
  push(artifact("a/b"));
  EXPECT_EQ(fake_.server().requests().size(), 1U);
}

TEST_F(RegistryReferrers, ThreadsOfOneClientLoseNothing) {
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 6; ++i) threads.emplace_back([&, i] { push(artifact("a/b", std::to_string(i))); });
  }
  EXPECT_EQ(list().size(), 6U);
}

// Another client read the index before we wrote it and writes after us.
TEST_F(RegistryReferrers, AnotherWriterIsMetOnce) {
  const oci::Descriptor theirs = listed(artifact("x/y"));
  const std::string tag = "sha256-" + kSubject.hex();
  bool wrote = false;
  fake_.server().after([&](const FakeRequest& request, FakeReply&) {
    if (wrote || request.method != "PUT" || request.path.find(tag) == std::string::npos) return;
    wrote = true;
    fake_.add_manifest("app", tag, std::string(oci::kMediaTypeIndex), index_of({theirs}));
  });
  const oci::Manifest ours = artifact("a/b");
  push(ours);
  EXPECT_EQ(list(), (std::vector<oci::Descriptor>{theirs, listed(ours)}));
}

TEST(RegistryReferrersAgainstDocker, AreFoundByTheTag) {
  std::string missing = testing::DockerRegistry::unavailable();
  if (!missing.empty()) GTEST_SKIP() << missing;
  testing::DockerRegistry server;
  auto client = registry::client();
  const oci::Reference app = reference(server.host(), "app");
  client->push_blob(app, blob_of("{}", std::string(oci::kMediaTypeEmpty)), {});
  const oci::Manifest manifest = artifact("a/b");
  oci::Reference pinned = app;
  pinned.tag.clear();
  pinned.digest = base::sha256(manifest.raw);
  EXPECT_TRUE(client->list_referrers(app, kSubject, "", {}).empty());
  client->push_manifest(pinned, manifest.media_type, manifest.raw, {});
  EXPECT_EQ(client->list_referrers(app, kSubject, "a/b", {}), std::vector<oci::Descriptor>{listed(manifest)});
}

}  // namespace cooper::registry
