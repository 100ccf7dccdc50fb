// Builds whose registry cache misbehaves in every way: each succeeds with the digest of a clean build, and
// says what it lost.
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <unistd.h>

#include "build/build.h"
#include "cache/record.h"
#include "oci/manifest.h"
#include "support/fake_launcher.h"
#include "support/fake_registry.h"

namespace cooper::build {
namespace {

using testing::FakeRegistry;
using testing::FakeReply;
using testing::FakeRequest;
using Ending = testing::FakeReply::Ending;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Lets a registry misbehave from now on.
using Fault = std::function<void(FakeRegistry&)>;

bool is_blob(const FakeRequest& request) {
  return request.method == "GET" && request.path.find("/blobs/sha256:") != std::string::npos;
}

bool is_record(const FakeRequest& request) {
  return request.method == "GET" && request.path.find("/manifests/c-") != std::string::npos;
}

Fault answer(bool (*when)(const FakeRequest&), int status) {
  return [=](FakeRegistry& fake) {
    fake.server().before([=](const FakeRequest& request) -> std::optional<FakeReply> {
      if (!when(request)) return std::nullopt;
      return FakeReply{status, {}, "", Ending::kComplete, 0};
    });
  };
}

Fault spoil(bool (*when)(const FakeRequest&), std::function<void(FakeReply&)> how) {
  return [=](FakeRegistry& fake) {
    fake.server().after([=](const FakeRequest& request, FakeReply& reply) {
      if (when(request) && reply.status < 300) how(reply);
    });
  };
}

class BuildCacheFaults : public ::testing::Test {
 protected:
  BuildCacheFaults() {
    std::filesystem::create_directory(path("context"));
    for (const char* name : {"a", "b", "c"})
      std::ofstream(path(std::string("context/") + name)) << std::string(3000, *name);
    std::ofstream(path("context/Dockerfile"))
        << "FROM scratch AS one\nCOPY a b /x/\nFROM scratch\nCOPY c /c\nCOPY --from=one /x /y\n";
    request_.context = path("context");
    request_.platforms = {oci::parse_platform("linux/amd64")};
    request_.epoch = 1'700'000'000;
    request_.outputs = {{"oci", {{"dest", path("out.tar")}}}};
    tools_.form = ::geteuid() == 0 ? snapshot::Form::kReal : snapshot::Form::kOwn;
    tools_.http = net::HttpClient::create({});
    registry::ClientOptions options;
    options.retry = {3, std::chrono::milliseconds(5), std::chrono::milliseconds(20)};
    options.stall_timeout = std::chrono::milliseconds(300);
    tools_.registry = tools_.cache_registry = registry::Client::create(tools_.http, nullptr, options);
  }
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  CachePlace cache() const { return {"registry", {{"ref", fake_.host() + "/cache"}}}; }

  // On a machine of its own.
  BuildResult build() {
    events_ = std::make_unique<support::RecordedEvents>();
    tools_.events = events_.get();
    os::TempDir machine(directory_.path(), "machine-");
    tools_.store = store::Store::open(machine.path() + "/store");
    BuildResult result = run_build(request_, tools_, {});
    tools_.store.reset();
    return result;
  }
  std::vector<std::string> warnings() const { return events_->texts(base::Event::Kind::kWarning); }
  void fill_cache() {
    request_.cache_to = {cache()};
    request_.cache_to[0].attributes["mode"] = "max";
    clean_ = *build().image;
    request_.cache_to.clear();
    request_.cache_from = {cache()};
  }
  // A build from the faulty cache; returns how many of its steps came from there.
  int expect_right(const Fault& fault) {
    fill_cache();
    fault(fake_);
    BuildResult result = build();
    EXPECT_EQ(result.image->digest, clean_.digest);
    return result.steps_cached;
  }

  os::TempDir directory_{::testing::TempDir(), "cache-faults-"};
  FakeRegistry fake_;
  std::unique_ptr<support::RecordedEvents> events_;
  Toolbox tools_;
  BuildRequest request_;
  oci::Descriptor clean_;
};

TEST_F(BuildCacheFaults, AGoodCacheAnswersAll) {
  EXPECT_EQ(expect_right([](FakeRegistry&) {}), 2);
  EXPECT_THAT(warnings(), IsEmpty());
}

TEST_F(BuildCacheFaults, ADenialIsAnOutage) {
  EXPECT_EQ(expect_right(answer(is_record, 403)), 0);
  EXPECT_THAT(warnings(), Contains(HasSubstr("going on without the cache of registry " + fake_.host())));
}

TEST_F(BuildCacheFaults, AnErrorOfTheServerIsAnOutage) {
  EXPECT_EQ(expect_right(answer(is_record, 500)), 0);
  EXPECT_THAT(warnings(), Contains(HasSubstr("500")));
}

TEST_F(BuildCacheFaults, TooManyRequestsAreAskedAgainLater) {
  auto refused = std::make_shared<std::atomic<int>>(0);
  int cached = expect_right([&](FakeRegistry& fake) {
    fake.server().before([refused](const FakeRequest& request) -> std::optional<FakeReply> {
      if (!is_record(request) || (*refused)++ > 1) return std::nullopt;
      return FakeReply{429, {{"Retry-After", "0"}}, "", Ending::kComplete, 0};
    });
  });
  EXPECT_EQ(cached, 2);
  EXPECT_GT(*refused, 1);
}

TEST_F(BuildCacheFaults, ASilentServerIsAnOutage) {
  EXPECT_EQ(expect_right(spoil(is_record, [](FakeReply& reply) { reply.end(Ending::kStall, 1); })), 0);
  EXPECT_THAT(warnings(), Contains(HasSubstr("going on without the cache")));
}

TEST_F(BuildCacheFaults, ARecordThatIsCutIsAMiss) {
  EXPECT_EQ(expect_right(spoil(is_record, [](FakeReply& reply) { reply.body.resize(20); })), 0);
  EXPECT_THAT(warnings(), Contains(HasSubstr("ignoring the cache record")));
}

TEST_F(BuildCacheFaults, ABlobThatIsGoneIsMadeAnew) {
  EXPECT_EQ(expect_right(answer(is_blob, 404)), 0);
  EXPECT_THAT(warnings(), Contains(HasSubstr("the cached layer of 'COPY c /c'")));
}

TEST_F(BuildCacheFaults, ACutBlobIsMadeAnew) {
  // Where the stored file was cut, there is nothing to go on with either.
  const auto cut = [](FakeRegistry& fake) {
    fake.server().after([](const FakeRequest& request, FakeReply& reply) {
      if (!is_blob(request)) return;
      reply.body.resize(request.has_header("range") ? 0 : 5);
      if (request.has_header("range")) reply.status = 416;
    });
  };
  EXPECT_EQ(expect_right(cut), 0);
  EXPECT_THAT(warnings(), Contains(HasSubstr("making it anew")));
}

TEST_F(BuildCacheFaults, ABlobOfOtherBytesIsMadeAnew) {
  EXPECT_EQ(expect_right(spoil(is_blob, [](FakeReply& reply) { reply.body.back() ^= 1; })), 0);
  EXPECT_THAT(warnings(), Contains(HasSubstr("making it anew")));
}

TEST_F(BuildCacheFaults, ABlobThatStallsIsMadeAnew) {
  EXPECT_EQ(expect_right(spoil(is_blob, [](FakeReply& reply) { reply.end(Ending::kStall, 0); })), 0);
  EXPECT_THAT(warnings(), Contains(HasSubstr("making it anew")));
}

// The record is whole, and lies: its layer unpacks to something else.
TEST_F(BuildCacheFaults, ARecordWithAnotherDigestIsMadeAnew) {
  int cached = expect_right([&](FakeRegistry& fake) {
    const oci::Reference place = oci::Reference::parse(fake.host() + "/cache");
    for (const std::string& tag : tools_.registry->list_tags(place, {})) {
      if (!tag.starts_with("c-")) continue;
      oci::Manifest manifest = oci::Manifest::parse(fake.manifest("cache", tag));
      for (auto& [name, text] : manifest.annotations) {
        cache::Record record = cache::Record::parse(text);
        record.diff_id = base::sha256("another layer");
        text = record.serialize();
      }
      manifest.serialize();
      fake.add_manifest("cache", tag, manifest.media_type, manifest.raw);
    }
  });
  EXPECT_EQ(cached, 0);
  EXPECT_THAT(warnings(), Contains(HasSubstr("making it anew")));
}

TEST_F(BuildCacheFaults, ARecordWithAFlippedBitIsAMiss) {
  const Fault flip = spoil(is_record, [](FakeReply& reply) {
    char& digit = reply.body[reply.body.find("diffId") + 30];
    digit = digit == '0' ? '1' : '0';
    std::erase_if(reply.headers, [](const auto& header) { return header.first == "Docker-Content-Digest"; });
  });
  EXPECT_EQ(expect_right(flip), 0);
  EXPECT_THAT(warnings(), Contains(HasSubstr("checksum")));
}

TEST_F(BuildCacheFaults, WhatCannotBeWrittenCostsNothingButTheCache) {
  clean_ = *build().image;
  request_.cache_to = {cache()};
  const std::vector<Fault> faults = {
      answer([](const FakeRequest& request) { return request.method == "PUT"; }, 401),
      answer([](const FakeRequest& request) { return request.method == "POST"; }, 500),
      answer([](const FakeRequest& request) { return request.path.find("/manifests/") != std::string::npos; },
             413),
      [](FakeRegistry& fake) {
        fake.server().before([](const FakeRequest& request) -> std::optional<FakeReply> {
          if (request.method != "PUT") return std::nullopt;
          return FakeReply{0, {}, "", Ending::kReset, 0};
        });
      }};
  for (const Fault& fault : faults) {
    fault(fake_);
    EXPECT_EQ(build().image->digest, clean_.digest);
    EXPECT_THAT(warnings(), Contains(HasSubstr("not written to the cache in registry " + fake_.host())));
  }
}

TEST_F(BuildCacheFaults, AStrictCacheThatCannotBeWrittenIsAnError) {
  answer([](const FakeRequest& request) { return request.method == "PUT"; }, 500)(fake_);
  request_.cache_to = {cache()};
  request_.cache_to[0].attributes["ignore-error"] = "false";
  try {
    build();
    FAIL() << "it succeeded";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kRegistry);
    EXPECT_THAT(error.summary(), HasSubstr("write the cache to registry"));
  }
}

}  // namespace
}  // namespace cooper::build
